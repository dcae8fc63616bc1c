import { once } from "./once";

const UNITS: [one: string, many: string, seconds: number][] = [
  ["year", "years", 365 * 86_400],
  ["month", "months", 30 * 86_400],
  ["day", "days", 86_400],
  ["h", "h", 3_600],
  ["min", "min", 60],
];

const localFormat = once(() => new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" }));
const clockFormat = once(() => new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" }));
const dayFormat = once(() => new Intl.DateTimeFormat("en-GB", { dateStyle: "medium" }));

/** "just now", "4 min ago", "3 h ago", "in 12 days". */
export function relativeTime(instant: Date, now: Date): string {
  const seconds = (instant.getTime() - now.getTime()) / 1000;
  const size = Math.abs(seconds);
  if (size < 45) return seconds > 15 ? "in a moment" : "just now";
  const [one, many, length] = UNITS.find((unit) => size >= unit[2] * 0.97) ?? UNITS.at(-1)!;
  const amount = Math.max(1, Math.round(size / length));
  const text = `${amount} ${amount === 1 ? one : many}`;
  return seconds < 0 ? `${text} ago` : `in ${text}`;
}

/** The instant in this browser's zone and in UTC, to the second. */
export function exactTime(instant: Date): string {
  return `${localFormat().format(instant)} local · ${instant.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** The time of the day in this browser's zone: "14:02:10". */
export function clockTime(instant: Date): string {
  return clockFormat().format(instant);
}

/** The day in this browser's zone: "23 Nov 2026". */
export function dayOf(instant: Date): string {
  return dayFormat().format(instant);
}

/** "24 h", "1 h 30 min", "7 days", "45 s": the two largest units that are not zero. */
export function durationText(seconds: number): string {
  const parts: string[] = [];
  let rest = Math.round(seconds);
  for (const [one, many, length] of [["day", "days", 86_400], ["h", "h", 3_600], ["min", "min", 60], ["s", "s", 1]] as const) {
    const amount = Math.floor(rest / length);
    rest %= length;
    if (amount) parts.push(`${amount} ${amount === 1 ? one : many}`);
  }
  return parts.slice(0, 2).join(" ") || "0 s";
}

/** Minutes and seconds until something is over: "14:03". */
export function countdownText(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
