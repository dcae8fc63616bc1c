import { type PasswordInputProps, VisuallyHidden } from "@mantine/core";
import { IconCircle, IconCircleCheckFilled } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";

import { passwordRules } from "@/shared/lib/passwords";
import { authStatusQuery } from "@/shared/session";

import classes from "./NewPassword.module.css";
import { PasswordField } from "./PasswordField";

type NewPasswordProps = PasswordInputProps & { typed: string };

/** A field for a new password, under which each rule is ticked off as it is met. */
export function NewPassword({ typed, ...props }: NewPasswordProps) {
  // The rules may have been changed since somebody signed in.
  const complexity = useQuery({ ...authStatusQuery, staleTime: 0 }).data?.passwordComplexity;
  return (
    <div>
      <PasswordField autoComplete="new-password" {...props} />
      <ul className={classes.rules} aria-label="Rules for the password">
        {complexity && passwordRules(typed, complexity).map((rule) => (
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
