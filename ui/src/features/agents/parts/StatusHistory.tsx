import { Button } from "@mantine/core";
import { IconArrowRight } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";

import type { AgentEvent } from "@/api/types";
import { durationText } from "@/shared/lib/time";
import { RelativeTime } from "@/shared/parts/RelativeTime";
import { Section } from "@/shared/parts/Section";
import { LoadError } from "@/shared/parts/states";

import { eventsQuery } from "../queries";
import { AgentBadge } from "./AgentBadge";
import classes from "./StatusHistory.module.css";

/** When the status of the agent changed, and why. */
export function StatusHistory({ agentId, refetchEveryMs }: { agentId: string; refetchEveryMs: number | false }) {
  const query = useInfiniteQuery({ ...eventsQuery(agentId), refetchInterval: refetchEveryMs });
  const events = query.data?.pages.flatMap((page) => page.items);
  return (
    <Section title="Status history" lead="Changes of the last 30 days.">
      {query.isError && !events ? (
        <LoadError what="the history" error={query.error} onRetry={() => void query.refetch()} />
      ) : (
        <ul className={classes.events}>
          {events?.map((event) => <Change key={`${event.at} ${event.why}`} event={event} />)}
        </ul>
      )}
      {events?.length === 0 && <span className="tc-faint">It has not changed.</span>}
      {query.hasNextPage && (
        <Button size="xs" variant="default" mt={10} loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>Show earlier changes</Button>
      )}
    </Section>
  );
}

function Change({ event }: { event: AgentEvent }) {
  return (
    <li className={classes.event}>
      <span className={classes.when}><RelativeTime at={event.at} /></span>
      <span className={classes.change}>
        {event.from && <><AgentBadge status={event.from} /><IconArrowRight size={13} aria-label="to" /></>}
        {event.to ? <AgentBadge status={event.to} /> : <span>deleted</span>}
      </span>
      <span className={classes.why}>{reasonOf(event)}</span>
    </li>
  );
}

function reasonOf({ why, afterSeconds }: AgentEvent): string {
  const silence = afterSeconds === null ? "its rule allows" : durationText(afterSeconds);
  return {
    first_heartbeat: "first heartbeat",
    heartbeat: "as its heartbeat said",
    silence: `silent for more than ${silence}`,
    deleted: "deleted by somebody",
    auto_deleted: `deleted by its rule, silent for more than ${silence}`,
  }[why];
}
