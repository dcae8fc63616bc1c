import type { AgentStatus } from "@/api/types";
import type { Tone } from "@/shared/parts/StatusBadge";

export type StatusFact = { name: AgentStatus; number: string; label: string; tone: Tone; meaning: string };

/** The statuses in the order in which people look for them: the worst last, as the API numbers them (A2). */
export const STATUSES: StatusFact[] = [
  { name: "ok", number: "0", label: "OK", tone: "ok", meaning: "reports, and finds nothing wrong" },
  { name: "warn", number: "1", label: "Warning", tone: "warn", meaning: "reports a warning" },
  { name: "fail", number: "2", label: "Failing", tone: "fail", meaning: "reports a failure" },
  { name: "undefined", number: "3", label: "Undefined", tone: "info", meaning: "reports, but cannot tell its status" },
  { name: "not_reporting", number: "4", label: "Not reporting", tone: "silent", meaning: "silent for longer than its rule allows" },
];

export function statusFact(name: AgentStatus): StatusFact {
  return STATUSES.find((status) => status.name === name)!;
}
