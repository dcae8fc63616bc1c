import { expect, test } from "vitest";

import { ruleProblems, ruleSentence } from "@/features/reporting/rules";
import { joinDuration, splitDuration } from "@/shared/lib/duration";

test.each([
  [180, 3, "min"],
  [90, 90, "s"],
  [5_400, 90, "min"],
  [86_400, 1, "days"],
  [172_800, 2, "days"],
  [3_600, 1, "h"],
  [0, 0, "s"],
] as const)("%i seconds are said as %i %s", (seconds, amount, unit) => {
  expect(splitDuration(seconds)).toEqual({ amount, unit });
  expect(joinDuration(amount, unit)).toBe(seconds);
});

test("a rule is told in one sentence", () => {
  const rule = { description: "", notReportingAfter: 180, autoDelete: false, autoDeleteAfter: 86_400 };
  expect(ruleSentence(rule)).toBe("After 3 min without a heartbeat an agent counts as not reporting.");
  expect(ruleSentence({ ...rule, autoDelete: true })).toBe(
    "After 3 min without a heartbeat an agent counts as not reporting, after 1 day it is deleted.",
  );
});

test("a rule's durations are held to what the server takes, the deletion's only when there is one", () => {
  const { notReportingAfter, autoDeleteAfter } = ruleProblems;
  expect([9, 10, 2_592_000, 2_592_001, 0].map((seconds) => notReportingAfter(seconds) === null)).toEqual([false, true, true, false, false]);
  expect(autoDeleteAfter(0, { autoDelete: false })).toBeNull();
  expect([59, 60, 365 * 86_400, 366 * 86_400].map((seconds) => autoDeleteAfter(seconds, { autoDelete: true }) === null)).toEqual([false, true, true, false]);
});
