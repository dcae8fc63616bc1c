import { CopyButton } from "./CopyButton";
import classes from "./Id.module.css";

/** The id of a thing, as programs name it. */
export function Id({ value }: { value: string }) {
  return (
    <span className={classes.id}>
      <span className="tc-mono">{value}</span>
      <CopyButton text={value} label="id" />
    </span>
  );
}
