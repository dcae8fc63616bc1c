import { expect, test } from "vitest";

import type { Agent } from "@/api/types";
import { beginningOf, firstOf } from "@/features/start/arrival";

const agent = (id: string, firstSeen: string, lastSeen = firstSeen) =>
  ({ id, firstSeen: `2026-11-23T12:${firstSeen}.000Z`, lastSeen: `2026-11-23T12:${lastSeen}.000Z` }) as Agent;

test("in an empty fleet the first agent is the one that was waited for", () => {
  const beginning = beginningOf([], 0);
  expect(firstOf([], beginning)).toBeUndefined();
  expect(firstOf([agent("b", "05:00"), agent("a", "04:00", "04:30")], beginning)?.id).toBe("a");
});

test("agents that were there before are not taken for new ones, also when only now they are heard again", () => {
  const beginning = beginningOf([agent("loud", "00:00", "05:00")], 2);
  const silentBefore = agent("silent", "01:00", "05:30");
  expect(firstOf([silentBefore, agent("loud", "00:00", "05:10")], beginning)).toBeUndefined();
  expect(firstOf([agent("new", "05:40"), silentBefore], beginning)?.id).toBe("new");
});

test("a fleet in which somebody was deleted meanwhile still notices who comes", () => {
  const beginning = beginningOf([agent("a", "00:00", "02:00"), agent("b", "00:00", "01:00")], 2);
  expect(firstOf([agent("new", "03:00")], beginning)?.id).toBe("new");
});
