import { expect, test } from "vitest";

import { matchingPreset, permissionSummary, withPermissions } from "@/shared/access/permissions";
import { safeReturnPath, urls } from "@/shared/urls";

const agent = { id: "telegraf-agent", name: "Telegraf agent", permissions: ["configs:read", "heartbeat:write"] };
const custom = { id: "custom", name: "Custom", permissions: [] };
const presets = [agent, custom];

test("permissions are called by their preset in any order, else counted", () => {
  expect(permissionSummary(["heartbeat:write", "configs:read"], presets)).toBe("Telegraf agent");
  expect(permissionSummary(["configs:read"], presets)).toBe("configs:read");
  expect(permissionSummary(["configs:read", "agents:read"], presets)).toBe("2 permissions");
  expect(matchingPreset([], presets)).toBeUndefined();
});

test("permissions stay in the order of the table whatever is ticked first", () => {
  const order = ["agents:read", "agents:write", "configs:read"];
  expect(withPermissions(["configs:read"], ["agents:write", "agents:read"], true, order)).toEqual(order);
  expect(withPermissions(order, ["agents:write"], false, order)).toEqual(["agents:read", "configs:read"]);
});

test.each([
  "https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", "javascript:alert(1)", "tokens", "", null,
])("after signing in nobody is led to %j", (path) => {
  expect(safeReturnPath(path)).toBe("/");
});

test("after signing in people come back to where they were", () => {
  expect(safeReturnPath("/tokens?status=active#a")).toBe("/tokens?status=active#a");
  expect(urls.signIn("/tokens?status=active")).toBe("/sign-in?return=%2Ftokens%3Fstatus%3Dactive");
  expect(urls.signIn("/")).toBe("/sign-in");
});

test("an id with a slash or space stays one part of an address", () => {
  expect(urls.token("a/b c")).toBe("/tokens/a%2Fb%20c");
});
