import { Tooltip } from "@mantine/core";

import { exactTime, relativeTime } from "@/shared/lib/time";
import { useNow } from "@/shared/lib/use-now";

/** "4 min ago", with the exact instant on hover and focus. */
export function RelativeTime({ at, absent = "never" }: { at: string | null; absent?: string }) {
  const now = useNow();
  if (at === null) return <span className="tc-faint">{absent}</span>;
  const instant = new Date(at);
  return (
    <Tooltip label={exactTime(instant)}>
      <time dateTime={at}>{relativeTime(instant, now)}</time>
    </Tooltip>
  );
}
