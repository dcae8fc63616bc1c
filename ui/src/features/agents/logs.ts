import type { LogEntry } from "@/api/types";
import type { Tone } from "@/shared/parts/StatusBadge";

export const LEVELS = ["ERROR", "WARN", "INFO", "DEBUG", "TRACE"] as const;

const TONES: Record<string, Tone> = { ERROR: "fail", WARN: "warn", INFO: "info" };

export function levelTone(level: string): Tone {
  return TONES[level] ?? "silent";
}

/** Newest first; what has no readable time comes last. */
export function newestFirst(entries: LogEntry[]): LogEntry[] {
  return [...entries].sort((a, b) => (Date.parse(b.time) || 0) - (Date.parse(a.time) || 0));
}

/** How many entries each level has, for the levels that there are, the most severe first. */
export function levelCounts(entries: LogEntry[]): { level: string; count: number }[] {
  const known: string[] = [...LEVELS];
  const levels = [...new Set([...known, ...entries.map((entry) => entry.level)])];
  return levels.map((level) => ({ level, count: entries.filter((entry) => entry.level === level).length })).filter(({ count }) => count > 0);
}

/** Entries as a text file, one line each, oldest first; what stands on further lines is indented. */
export function logText(entries: LogEntry[]): string {
  return newestFirst(entries)
    .reverse()
    .map(({ time, level, source, message, attributes, truncated }) => {
      const known = Object.entries(attributes ?? {}).map(([name, value]) => ` ${name}=${JSON.stringify(value)}`);
      return `${time} ${level.padEnd(5)} [${source}] ${message.replaceAll("\n", "\n  ")}${known.join("")}${truncated ? " (truncated)" : ""}\n`;
    })
    .join("");
}
