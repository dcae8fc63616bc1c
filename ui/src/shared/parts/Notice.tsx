import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleX,
  IconInfoCircle,
  IconLock,
} from "@tabler/icons-react";
import type { AriaRole, ReactNode } from "react";

import classes from "./Notice.module.css";
import type { Tone } from "./StatusBadge";

const ICONS = { ok: IconCircleCheck, warn: IconAlertTriangle, fail: IconCircleX, info: IconInfoCircle, silent: IconLock };

type NoticeProps = { tone: Tone; title?: string; icon?: typeof IconLock; role?: AriaRole; children: ReactNode };

/** A sentence that has to be noticed. With `role="alert"` it is read out when it appears. */
export function Notice({ tone, title, icon, role, children }: NoticeProps) {
  const Icon = icon ?? ICONS[tone];
  return (
    <div className={classes.notice} data-tone={tone} role={role}>
      <Icon size={18} stroke={1.8} aria-hidden />
      <div className={classes.body}>
        {title && <div className={classes.title}>{title}</div>}
        {children}
      </div>
    </div>
  );
}
