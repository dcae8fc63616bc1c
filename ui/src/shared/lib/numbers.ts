import { once } from "./once";

const compact = once(() => new Intl.NumberFormat("en-GB", { notation: "compact", maximumFractionDigits: 1 }));

/** A whole number: "12,345". Not by the browser's formatter, for no page is without one. */
export function countText(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** "12.3K" */
export function shortCount(count: number): string {
  return count < 1000 ? countText(count) : compact().format(count);
}

/** "1 agent", "12 agents" */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${countText(count)} ${count === 1 ? one : many}`;
}

/** "37 %"; what is not nothing is never told as 0 %, and what is not all never as 100 %. */
export function shareText(part: number, total: number): string {
  if (total === 0 || part === 0) return "0 %";
  const percent = (part / total) * 100;
  if (percent < 1) return "< 1 %";
  if (percent > 99 && part < total) return "> 99 %";
  return `${Math.round(percent)} %`;
}
