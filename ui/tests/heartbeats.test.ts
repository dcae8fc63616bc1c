import { expect, test } from "vitest";

import type { LogEntry, StatisticsPoint } from "@/api/types";
import { slotsOf, usualInterval } from "@/features/agents/heartbeats";
import { levelCounts, logText, newestFirst } from "@/features/agents/logs";

const start = Date.parse("2026-11-23T12:00:00Z");

const beatsAt = (...seconds: number[]): StatisticsPoint[] =>
  seconds.map((second) => ({ receivedAt: new Date(start + second * 1000).toISOString(), status: "ok", errors: 0, warnings: 0, metrics: second }));

/** "x" for a heartbeat, "-" for one that is missing. */
const drawn = (seconds: number[], nowSecond: number) =>
  slotsOf(beatsAt(...seconds), new Date(start + nowSecond * 1000)).map((slot) => (slot.beat ? "x" : "-")).join("");

test.each([
  ["one after the other", [0, 60, 120, 180], 200, "xxxx"],
  ["a little early and late", [0, 64, 118, 185], 260, "xxxx"],
  ["two missing in between", [0, 60, 240, 300], 310, "xx--xx"],
  ["every second one missing", [0, 60, 180, 240, 360, 420], 430, "xx-xx-xx"],
  ["silent since", [0, 60, 120], 300, "xxx--"],
  ["silent for hours", [0, 60, 120], 40_000, "xxx------"],
  ["a restart in between", [0, 60, 64, 124, 184], 190, "xxxxx"],
  ["a single one tells no interval", [0], 90_000, "x"],
  ["none at all", [], 0, ""],
])("heartbeats %s", (_, seconds, now, expected) => {
  expect(drawn(seconds, now)).toBe(expected);
});

test("only the newest places are shown", () => {
  expect(drawn(Array.from({ length: 40 }, (_, n) => n * 10), 395)).toBe("x".repeat(24));
});

test("a gap knows how much is missing and between what", () => {
  const slots = slotsOf(beatsAt(0, 60, 120, 1_200), new Date(start + 1_210_000));
  expect(slots.filter((slot) => slot.gap)).toHaveLength(6);
  expect(slots.find((slot) => slot.gap)?.gap).toEqual({ after: "2026-11-23T12:02:00.000Z", before: "2026-11-23T12:20:00.000Z", missing: 17 });
  expect(usualInterval(beatsAt(0, 60, 120, 1_200))).toBe(60_000);
});

const entry = (time: string, level: string, message: string, attributes: LogEntry["attributes"] = null): LogEntry => ({
  time, level, source: "inputs.disk", message, attributes, truncated: false,
});

test("a log file reads from the oldest to the newest, with everything that is known of an entry", () => {
  const entries = [entry("2026-11-23T12:00:02Z", "ERROR", "two\nlines", { alias: "main", n: 3 }), entry("2026-11-23T12:00:01Z", "WARN", "first")];
  expect(logText(entries)).toBe(
    '2026-11-23T12:00:01Z WARN  [inputs.disk] first\n2026-11-23T12:00:02Z ERROR [inputs.disk] two\n  lines alias="main" n=3\n',
  );
  expect(newestFirst([entry("never", "INFO", "?"), ...entries]).map(({ message }) => message)).toEqual(["two\nlines", "first", "?"]);
});

test("levels are counted, the most severe first, unknown ones too", () => {
  const entries = ["INFO", "ERROR", "INFO", "NOTICE"].map((level) => entry("", level, ""));
  expect(levelCounts(entries)).toEqual([{ level: "ERROR", count: 1 }, { level: "INFO", count: 2 }, { level: "NOTICE", count: 1 }]);
});
