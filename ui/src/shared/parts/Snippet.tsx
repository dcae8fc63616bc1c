import { CopyButton } from "./CopyButton";
import classes from "./Snippet.module.css";

/** A text to copy: a command, a piece of configuration, a value. */
export function Snippet({ text, label, wrap = false }: { text: string; label: string; wrap?: boolean }) {
  return (
    <div className={classes.snippet}>
      <pre className={classes.code} data-wrap={wrap || undefined} tabIndex={0} aria-label={label}>{text}</pre>
      <div className={classes.copy}>
        <CopyButton text={text} label={label} />
      </div>
    </div>
  );
}
