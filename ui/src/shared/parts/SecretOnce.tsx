import { Text } from "@mantine/core";

import { CopyButton } from "./CopyButton";
import classes from "./SecretOnce.module.css";

/** A secret that is shown now and never again. `label` names it: "token", "link". */
export function SecretOnce({ value, label, note }: { value: string; label: string; note: string }) {
  return (
    <div className={classes.box}>
      <Text size="sm" fw={600}>Copy this {label} now. It is shown this once.</Text>
      <div className={classes.value} data-secret>{value}</div>
      <div className={classes.row}>
        <CopyButton text={value} label={label} wide />
        <Text size="xs" c="dimmed">{note}</Text>
      </div>
    </div>
  );
}
