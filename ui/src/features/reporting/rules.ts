import { durationText } from "@/shared/lib/time";

export type RuleValues = { description: string; notReportingAfter: number; autoDelete: boolean; autoDeleteAfter: number };

const DAY = 86_400;

/** What is wrong with which field of a rule (R1); null where nothing is. */
export const ruleProblems = {
  description: (value: string) => (value.trim() ? null : "Say which agents it is for"),
  notReportingAfter: (seconds: number) => (seconds >= 10 && seconds <= 30 * DAY ? null : "10 seconds to 30 days"),
  autoDeleteAfter: (seconds: number, { autoDelete }: { autoDelete: boolean }) =>
    !autoDelete || (seconds >= 60 && seconds <= 365 * DAY) ? null : "1 minute to 365 days",
};

/** What a rule does, in one sentence. */
export function ruleSentence({ notReportingAfter, autoDelete, autoDeleteAfter }: RuleValues): string {
  const silent = `After ${durationText(notReportingAfter)} without a heartbeat an agent counts as not reporting`;
  return `${silent}${autoDelete ? `, after ${durationText(autoDeleteAfter)} it is deleted` : ""}.`;
}
