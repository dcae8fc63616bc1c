import { Tooltip } from "@mantine/core";
import { type MouseEvent, useRef, useState } from "react";

import { exactTime, relativeTime } from "@/shared/lib/time";
import { useNow } from "@/shared/lib/use-now";

const AFTER_MS = 300;

/** "4 min ago", with the exact instant on hover. The tooltip is made when it is wanted: a page has many times. */
export function RelativeTime({ at, absent = "never" }: { at: string | null; absent?: string }) {
  const now = useNow();
  const [place, setPlace] = useState<HTMLElement | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  if (at === null) return <span className="tc-faint">{absent}</span>;
  const instant = new Date(at);
  const enter = ({ currentTarget }: MouseEvent<HTMLElement>) => {
    timer.current = setTimeout(() => setPlace(currentTarget), AFTER_MS);
  };
  return (
    <>
      <time dateTime={at} onMouseEnter={enter} onMouseLeave={() => clearTimeout(timer.current)}>{relativeTime(instant, now)}</time>
      {place && <Tooltip target={place} label={exactTime(instant)} openDelay={AFTER_MS} defaultOpened />}
    </>
  );
}
