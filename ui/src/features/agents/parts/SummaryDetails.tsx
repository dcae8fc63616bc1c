import { Skeleton } from "@mantine/core";
import { type CSSProperties, memo } from "react";

import type { AgentSummary } from "@/api/types";
import { countText, shareText, shortCount } from "@/shared/lib/numbers";

import { STATUSES } from "../status";
import { Donut } from "./Donut";
import classes from "./FleetSummary.module.css";

const BANDS = [
  ["lt5m", "< 5 min"],
  ["lt30m", "< 30 min"],
  ["lt1h", "< 1 h"],
  ["lt12h", "< 12 h"],
  ["lt24h", "< 24 h"],
  ["older", "older"],
] as const;

const VERSION_COLORS = ["#0e8a7c", "#4cb8a8", "#5f86d6", "#8b7fd0", "#c99a3a", "#98a3a1"];

/** Health in numbers, versions of Telegraf, when agents last reported. Its height is the same before it has loaded. */
export const SummaryDetails = memo(function SummaryDetails({ summary }: { summary: AgentSummary | undefined }) {
  return (
    <div className={classes.more}>
      <div className={classes.part}>
        <h2>Health</h2>
        {summary ? <Tiles summary={summary} /> : <Skeleton height={116} />}
      </div>
      <div className={classes.part}>
        <h2>Telegraf versions</h2>
        {summary ? <Versions summary={summary} /> : <Skeleton height={116} />}
      </div>
      <div className={classes.part}>
        <h2>Last reported</h2>
        {summary ? <LastReported summary={summary} /> : <Skeleton height={116} />}
      </div>
    </div>
  );
});

function Tiles({ summary }: { summary: AgentSummary }) {
  return (
    <div className={classes.tiles}>
      {STATUSES.map(({ name, number, label, tone }) => {
        const count = summary.status[number] ?? 0;
        const colors = { "--tint": `var(--tc-${tone}-tint)`, "--ink": `var(--tc-${tone})` } as CSSProperties;
        return (
          <div key={name} className={classes.tile} style={colors}>
            <div className={classes.number}>
              {countText(count)} <span className={classes.share}>{shareText(count, summary.total)}</span>
            </div>
            <div className={classes.caption}>{label}</div>
          </div>
        );
      })}
    </div>
  );
}

function Versions({ summary }: { summary: AgentSummary }) {
  const shown = topVersions(summary);
  return (
    <div className={classes.versions}>
      <Donut slices={shown.map(({ name, count, color }) => ({ key: name, share: count / Math.max(1, summary.total), color }))} />
      <ul className={classes.list}>
        {shown.map(({ name, count, color }) => (
          <li key={name} style={{ "--fill": color } as CSSProperties}>
            <span>{name}</span>
            <span>{countText(count)}</span>
          </li>
        ))}
        {shown.length === 0 && <li className="tc-faint">No agents.</li>}
      </ul>
    </div>
  );
}

/** The most frequent versions, and the others together. */
function topVersions(summary: AgentSummary): { name: string; count: number; color: string }[] {
  const most = VERSION_COLORS.length - 1;
  const named = summary.telegrafVersion.map(({ version, count }) => ({ name: version ?? "unknown", count }));
  const rest = named.slice(most).reduce((sum, one) => sum + one.count, 0);
  const shown = rest ? [...named.slice(0, most), { name: `${named.length - most} others`, count: rest }] : named;
  return shown.map((one, index) => ({ ...one, color: VERSION_COLORS[index]! }));
}

function LastReported({ summary }: { summary: AgentSummary }) {
  const highest = Math.max(1, ...BANDS.map(([band]) => summary.lastReported[band]));
  return (
    <div className={classes.histogram} role="list" aria-label="Last reported">
      {BANDS.map(([band, label]) => {
        const count = summary.lastReported[band];
        return (
          <div key={band} className={classes.column} role="listitem" title={`${label}: ${countText(count)}`}>
            <span>{shortCount(count)}</span>
            <i data-empty={count === 0 || undefined} style={{ height: Math.round((count / highest) * 76) }} />
            <span>{label}</span>
          </div>
        );
      })}
    </div>
  );
}
