import { PasswordInput, type PasswordInputProps, VisuallyHidden } from "@mantine/core";
import { IconCircle, IconCircleCheckFilled } from "@tabler/icons-react";

import type { PasswordComplexity } from "@/api/types";
import { passwordRules } from "@/shared/lib/passwords";

import classes from "./NewPassword.module.css";

type NewPasswordProps = PasswordInputProps & { complexity: PasswordComplexity; typed: string };

/** A field for a new password, under which each rule is ticked off as it is met. */
export function NewPassword({ complexity, typed, ...props }: NewPasswordProps) {
  return (
    <div>
      <PasswordInput autoComplete="new-password" maxLength={1024} {...props} />
      <ul className={classes.rules} aria-label="Rules for the password">
        {passwordRules(typed, complexity).map((rule) => (
          <li key={rule.text} className={classes.rule} data-met={rule.met || undefined}>
            {rule.met ? <IconCircleCheckFilled size={13} aria-hidden /> : <IconCircle size={13} aria-hidden />}
            {rule.text}
            <VisuallyHidden>{rule.met ? "(met)" : "(not met yet)"}</VisuallyHidden>
          </li>
        ))}
      </ul>
    </div>
  );
}
