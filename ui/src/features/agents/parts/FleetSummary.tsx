import { Button, Skeleton, UnstyledButton } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { IconChevronDown, IconChevronUp } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { CSSProperties } from "react";

import type { AgentSummary } from "@/api/types";
import { counted, countText, shareText } from "@/shared/lib/numbers";
import { LoadError } from "@/shared/parts/states";
import type { List } from "@/shared/table/use-list";

import { agentSummaryQuery } from "../queries";
import { STATUSES } from "../status";
import classes from "./FleetSummary.module.css";
import { SummaryDetails } from "./SummaryDetails";

/** How many agents there are and how they are, over what the search and filters leave; each status filters the list. */
export function FleetSummary({ list, refetchEveryMs }: { list: List; refetchEveryMs: number | false }) {
  const query = useQuery({ ...agentSummaryQuery(list), refetchInterval: refetchEveryMs });
  const [opened, setOpened] = useLocalStorage({ key: "tc-agents-summary", defaultValue: true, getInitialValueInEffect: false });
  if (query.isError && !query.data) {
    return <div className={classes.panel}><LoadError what="the summary" error={query.error} onRetry={() => void query.refetch()} /></div>;
  }
  const Chevron = opened ? IconChevronUp : IconChevronDown;
  return (
    <section className={classes.panel} aria-label="Summary of the fleet">
      <div className={classes.head}>
        <span className={classes.total}>{query.data ? counted(query.data.total, "agent") : <Skeleton height={16} width={96} />}</span>
        <div className={classes.legend}><Legend summary={query.data} list={list} /></div>
        <Button size="compact-xs" variant="subtle" color="gray" rightSection={<Chevron size={14} />} aria-expanded={opened} onClick={() => setOpened(!opened)}>
          Summary
        </Button>
      </div>
      <div className={classes.bar} aria-hidden>
        {query.data && STATUSES.map(({ name, number, tone }) => {
          const count = query.data.status[number] ?? 0;
          return count > 0 && <span key={name} className={classes.segment} style={{ flexGrow: count, ...fillOf(tone) }} />;
        })}
      </div>
      {opened && <SummaryDetails summary={query.data} />}
    </section>
  );
}

/** It has its place before there are numbers, so that nothing moves when they come. */
function Legend({ summary, list }: { summary: AgentSummary | undefined; list: List }) {
  const chosen = list.filters.status?.[0];
  return STATUSES.map(({ name, number, label, tone, meaning }) => {
    const count = summary?.status[number] ?? 0;
    return (
      <UnstyledButton
        key={name}
        className={classes.status}
        style={fillOf(tone)}
        aria-pressed={chosen === name}
        title={summary && `${shareText(count, summary.total)}: ${meaning}`}
        onClick={() => list.setFilter("status", chosen === name ? [] : [name])}
      >
        {label} <strong>{summary ? countText(count) : "–"}</strong>
      </UnstyledButton>
    );
  });
}

function fillOf(tone: string): CSSProperties {
  return { "--fill": `var(--tc-${tone}-fill)` } as CSSProperties;
}
