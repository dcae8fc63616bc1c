import type { StatisticsPoint } from "@/api/types";

/** Heartbeats that should have come between two that did, or since the last one. */
export type Gap = { after: string; before: string | null; missing: number };

/** One place in a chart: a heartbeat, or one that is missing. */
export type Slot = { beat: StatisticsPoint; gap?: never } | { gap: Gap; beat?: never };

export const SLOTS = 24;

/** A longer silence takes no more places than this, so that it does not push everything else out. */
const MOST_OF_A_GAP = 6;

/** The interval in which an agent reports, in ms, from its heartbeats; null when there are too few to tell. */
export function usualInterval(beats: StatisticsPoint[]): number | null {
  const distances = beats.slice(1).map((beat, index) => at(beat) - at(beats[index]!)).sort((a, b) => a - b);
  // Missing heartbeats only make distances longer, so the shorter ones tell; the very shortest may come from a restart.
  return distances[Math.floor(distances.length / 4)] ?? null;
}

/** The newest heartbeats, oldest first, with a place for each that is missing in between or since. */
export function slotsOf(beats: StatisticsPoint[], now: Date): Slot[] {
  const interval = usualInterval(beats);
  const slots = beats.flatMap((beat, index): Slot[] => {
    const next = beats[index + 1];
    const missing = interval === null ? 0 : missingWithin((next ? at(next) : now.getTime()) - at(beat), interval);
    const gap: Slot = { gap: { after: beat.receivedAt, before: next?.receivedAt ?? null, missing } };
    return [{ beat }, ...Array<Slot>(Math.min(missing, MOST_OF_A_GAP)).fill(gap)];
  });
  return slots.slice(-SLOTS);
}

function missingWithin(distanceMs: number, intervalMs: number): number {
  // Half an interval late is jitter, or on its way.
  return distanceMs < intervalMs * 1.5 ? 0 : Math.max(1, Math.round(distanceMs / intervalMs) - 1);
}

function at(beat: StatisticsPoint): number {
  return new Date(beat.receivedAt).getTime();
}
