import { execFileSync } from "node:child_process";

import { expect, test } from "vitest";

import { countText, shortCount } from "@/shared/lib/numbers";
import { passwordRules } from "@/shared/lib/passwords";
import { posixQuoted, powerShellQuoted, tomlQuoted } from "@/shared/lib/shell";
import { countdownText, durationText, relativeTime } from "@/shared/lib/time";

const now = new Date("2026-11-23T12:00:00Z");

test.each([
  ["2026-11-23T11:59:30Z", "just now"],
  ["2026-11-23T11:59:00Z", "1 min ago"],
  ["2026-11-23T09:00:00Z", "3 h ago"],
  ["2026-11-22T11:00:00Z", "1 day ago"],
  ["2026-11-30T12:00:00Z", "in 7 days"],
  ["2027-11-23T12:00:00Z", "in 1 year"],
  ["2026-11-23T12:00:30Z", "in a moment"],
])("%s is told as %s", (instant, text) => {
  expect(relativeTime(new Date(instant), now)).toBe(text);
});

test("durations and countdowns are told in their two largest units", () => {
  expect([45, 180, 5400, 86_400, 90_061, 0].map(durationText)).toEqual(["45 s", "3 min", "1 h 30 min", "1 day", "1 day 1 h", "0 s"]);
  expect([899.2, 61, 0, -5].map(countdownText)).toEqual(["15:00", "1:01", "0:00", "0:00"]);
});

test.each(["plain", "with space", "it's", "$HOME `id` \\", 'a"b', "new\nline", "&?*[]", "-n", ""])(
  "a shell gets %j back as it was",
  (value) => {
    const said = execFileSync("sh", ["-c", `printf %s ${posixQuoted(value)}`], { encoding: "utf8" });
    expect(said).toBe(value);
  },
);

test("every kind of single quote is doubled for PowerShell, which takes them all for one", () => {
  expect(powerShellQuoted("it's \u2019so\u2018 $x")).toBe("'it''s \u2019\u2019so\u2018\u2018 $x'");
});

test("a TOML string escapes quotes, backslashes and control characters", () => {
  expect(tomlQuoted('C:\\x "y"\n\x7f')).toBe('"C:\\\\x \\"y\\"\\n\\u007f"');
});

test("password rules are those of the complexity, each met by itself", () => {
  const met = (password: string, complexity: "low" | "medium" | "high") =>
    passwordRules(password, complexity).map((rule) => rule.met);
  expect(met("1234567", "low")).toEqual([false]);
  expect(met("pässwört", "low")).toEqual([true]);
  expect(met("abcdefghiJ", "medium")).toEqual([true, true, true, false]);
  expect(met("Abcdefghij12", "high")).toEqual([true, true, true, true, false]);
  expect(met("Abcdefghij1!", "high")).toEqual([true, true, true, true, true]);
});

test.each([0, 7, 999, 1000, 12_345, 100_000, 1_000_000, 1_234_567_890])("%d is written as the browser would write it", (count) => {
  expect(countText(count)).toBe(new Intl.NumberFormat("en-GB").format(count));
});

test("a short count below a thousand is the count itself", () => {
  expect(shortCount(999)).toBe("999");
});
