import {
  IconAlertTriangleFilled,
  IconCircleCheckFilled,
  IconCircleDashed,
  IconCircleXFilled,
  IconInfoCircleFilled,
} from "@tabler/icons-react";

import classes from "./StatusBadge.module.css";

export type Tone = "ok" | "warn" | "fail" | "info" | "silent";

const ICONS = {
  ok: IconCircleCheckFilled,
  warn: IconAlertTriangleFilled,
  fail: IconCircleXFilled,
  info: IconInfoCircleFilled,
  silent: IconCircleDashed,
};

/** A status in words, colour and shape: nobody needs to tell the colours apart. */
export function StatusBadge({ tone, children }: { tone: Tone; children: string }) {
  const Icon = ICONS[tone];
  return (
    <span className={classes.badge} data-tone={tone}>
      <Icon size={13} aria-hidden />
      {children}
    </span>
  );
}
