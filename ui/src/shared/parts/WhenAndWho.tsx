import { RelativeTime } from "./RelativeTime";

/** "17 days ago by Mona": when something was done, and who did it if that is known. */
export function WhenAndWho({ at, by }: { at: string | null; by: string | null }) {
  return (
    <span className="tc-nowrap">
      <RelativeTime at={at} />{by && <span className="tc-faint"> by {by}</span>}
    </span>
  );
}
