import type { CSSProperties } from "react";

import type { LabelTag } from "@/api/types";

import classes from "./LabelChips.module.css";
import { Nothing } from "./Nothing";

export function LabelChip({ label }: { label: Pick<LabelTag, "name" | "color"> }) {
  return (
    <span className={classes.chip} style={{ "--color": label.color } as CSSProperties} title={label.name}>
      <span className={classes.name}>{label.name}</span>
    </span>
  );
}

/** The first labels, and how many more there are. */
export function LabelChips({ labels, most = 3 }: { labels: LabelTag[]; most?: number }) {
  if (labels.length === 0) return <Nothing />;
  const more = labels.slice(most);
  return (
    <span className={classes.chips}>
      {labels.slice(0, most).map((label) => <LabelChip key={label.id} label={label} />)}
      {more.length > 0 && <span className="tc-faint" title={more.map((label) => label.name).join(", ")}>+{more.length}</span>}
    </span>
  );
}
