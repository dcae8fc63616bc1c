import { Table } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type CSSProperties, useState } from "react";

import type { Agent, StatisticsPoint } from "@/api/types";
import { Disclosure } from "@/shared/form/Disclosure";
import { counted, countText, shortCount } from "@/shared/lib/numbers";
import { clockTime, durationText } from "@/shared/lib/time";
import { useNow } from "@/shared/lib/use-now";
import { RelativeTime } from "@/shared/parts/RelativeTime";
import { Section } from "@/shared/parts/Section";
import { LoadError } from "@/shared/parts/states";

import { type Slot, SLOTS, slotsOf } from "../heartbeats";
import { seriesQuery } from "../queries";
import { AgentBadge } from "./AgentBadge";
import classes from "./HeartbeatCharts.module.css";

const CHARTS = [
  { count: "errors", label: "Errors", fill: "var(--tc-fail-fill)" },
  { count: "warnings", label: "Warnings", fill: "var(--tc-warn-fill)" },
  { count: "metrics", label: "Metrics", fill: "var(--mantine-primary-color-filled)" },
] as const;

type Count = (typeof CHARTS)[number]["count"];

/** What the agent's last heartbeats counted, with a gap for each that did not come. The three charts share their time. */
export function HeartbeatCharts({ agent, refetchEveryMs }: { agent: Agent; refetchEveryMs: number | false }) {
  const query = useQuery({ ...seriesQuery(agent), refetchInterval: refetchEveryMs });
  const now = useNow();
  const beats = query.data?.items ?? [];
  const slots = slotsOf(beats, now);
  return (
    <Section title="Last heartbeats" lead="What each of them counted since the one before; striped where one is missing.">
      {query.isError && !query.data ? (
        <LoadError what="the heartbeats" error={query.error} onRetry={() => void query.refetch()} />
      ) : (
        <>
          <Charts slots={slots} />
          {query.data?.items.length === 0 ? (
            <span className="tc-faint">Heartbeats are kept for 24 hours, and there was none.</span>
          ) : (
            <Disclosure label="The same in numbers"><Numbers beats={beats} /></Disclosure>
          )}
        </>
      )}
    </Section>
  );
}

function Charts({ slots }: { slots: Slot[] }) {
  const [pointed, setPointed] = useState<number | null>(null);
  const slot = pointed === null ? slots.findLast((one) => one.beat) : slots[pointed];
  return (
    <div className={classes.charts} onMouseLeave={() => setPointed(null)}>
      {CHARTS.map((chart) => (
        <Bars key={chart.count} {...chart} slots={slots} slot={slot} pointed={pointed} onPoint={setPointed} />
      ))}
      <div className={classes.when}>{slot ? <When slot={slot} latest={pointed === null} /> : " "}</div>
    </div>
  );
}

type BarsProps = { count: Count; label: string; fill: string; slots: Slot[]; slot: Slot | undefined; pointed: number | null; onPoint: (index: number) => void };

function Bars({ count, label, fill, slots, slot, pointed, onPoint }: BarsProps) {
  const counts = slots.map((one) => one.beat?.[count] ?? 0);
  const highest = Math.max(1, ...counts);
  const empty = SLOTS - slots.length;
  return (
    <figure className={classes.chart} style={{ "--fill": fill } as CSSProperties}>
      <figcaption>
        <span>{label}</span>
        <strong>{slot?.beat ? shownCount(slot.beat[count]) : "–"}</strong>
        <span className={classes.most}>at most {shortCount(Math.max(0, ...counts))}</span>
      </figcaption>
      <div className={classes.bars} role="img" aria-label={summaryOf(label, count, slots)}>
        {empty > 0 && <span style={{ flexGrow: empty }} />}
        {slots.map((one, index) => (
          <span
            key={one.beat ? one.beat.receivedAt : `${one.gap.after}-${index}`}
            className={classes.slot}
            data-gap={one.gap ? true : undefined}
            data-pointed={pointed === index || undefined}
            onMouseEnter={() => onPoint(index)}
          >
            {one.beat && <i data-empty={!one.beat[count] || undefined} style={{ height: `${((one.beat[count] ?? 0) / highest) * 100}%` }} />}
          </span>
        ))}
      </div>
    </figure>
  );
}

function When({ slot, latest }: { slot: Slot; latest: boolean }) {
  if (slot.beat) return <>{latest && "Latest: "}{clockTime(new Date(slot.beat.receivedAt))} · <RelativeTime at={slot.beat.receivedAt} /></>;
  const { after, before, missing } = slot.gap;
  const seconds = (Date.parse(before ?? new Date().toISOString()) - Date.parse(after)) / 1000;
  return <>{counted(missing, "heartbeat")} missing{before === null && " so far"}: nothing for {durationText(seconds)} after {clockTime(new Date(after))}</>;
}

function summaryOf(label: string, count: Count, slots: Slot[]): string {
  const beats = slots.flatMap((slot) => slot.beat ?? []);
  const counts = beats.map((beat) => beat[count] ?? 0);
  const gaps = slots.filter((slot) => slot.gap).length;
  return `${label} of the last ${counted(beats.length, "heartbeat")}: ${countText(counts.at(-1) ?? 0)} in the latest, ${countText(Math.max(0, ...counts))} at most${gaps ? `, ${gaps} missing` : ""}`;
}

function shownCount(count: number | null): string {
  return count === null ? "–" : countText(count);
}

function Numbers({ beats }: { beats: StatisticsPoint[] }) {
  return (
    <Table.ScrollContainer minWidth={420} type="native">
      <Table tabularNums aria-label="Last heartbeats">
        <Table.Thead>
          <Table.Tr><Table.Th>Received</Table.Th><Table.Th>Status</Table.Th>{CHARTS.map(({ label }) => <Table.Th key={label} ta="right">{label}</Table.Th>)}</Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {beats.toReversed().map((beat) => (
            <Table.Tr key={beat.receivedAt}>
              <Table.Td>{clockTime(new Date(beat.receivedAt))} <span className="tc-faint">· <RelativeTime at={beat.receivedAt} /></span></Table.Td>
              <Table.Td><AgentBadge status={beat.status} /></Table.Td>
              {CHARTS.map(({ count }) => <Table.Td key={count} ta="right">{shownCount(beat[count])}</Table.Td>)}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
