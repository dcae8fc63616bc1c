import { execFileSync } from "node:child_process";
import { hostname } from "node:os";

import { expect, test } from "vitest";

import { addressParts, type CommandWish, HOST_NAME, selectorProblem, startCommand } from "@/features/configs/use/command";

const wish: CommandWish = {
  shell: "posix",
  address: "https://tc.example.net/c/linux-base",
  parameters: { agent_id: "web 1&2", site: "" },
  environment: { REGION: "it's" },
  token: "tc-apiv1_ab",
  watchInterval: "1m",
  selectors: [],
  localFile: null,
};

test("the command sets the environment, fills the parameters and looks for changes", () => {
  expect(startCommand(wish)).toBe(
    [
      "export TELEGRAF_CONTROLLER_TOKEN=tc-apiv1_ab",
      "export REGION='it'\\''s'",
      "telegraf --config 'https://tc.example.net/c/linux-base?agent_id=web%201%262' --config-url-watch-interval 1m",
    ].join("\n"),
  );
});

test("PowerShell gets its own quotes, and a local file no parameters and no watching", () => {
  expect(startCommand({ ...wish, shell: "powershell", localFile: "linux base.toml", token: null })).toBe(
    [
      "$env:TELEGRAF_CONTROLLER_TOKEN = 'YOUR_TOKEN'",
      "$env:REGION = 'it''s'",
      ".\\telegraf.exe --config 'linux base.toml'",
    ].join("\n"),
  );
});

test("an address without values has no query", () => {
  expect(addressParts("/c/a", { x: "" })).toEqual(["/c/a"]);
});

test("a shell puts the host's name into the address, and takes nothing else for its own", () => {
  const hostile: CommandWish = { ...wish, address: 'https://tc.example.net/$HOME/`id`/"x"!', parameters: { agent_id: HOST_NAME, "a!": "1&2" } };
  const config = startCommand(hostile).match(/--config (.*) --config-url/)![1]!;
  const said = execFileSync("sh", ["-c", `printf %s ${config}`], { encoding: "utf8" });
  expect(said).toBe('https://tc.example.net/$HOME/`id`/"x"%21?agent_id=' + hostname() + '&a%21=1%262');
  const windows = startCommand({ ...hostile, shell: "powershell" }).split("\n").at(-1);
  expect(windows).toContain('--config "https://tc.example.net/`$HOME/``id``/`"x`"%21?agent_id=$env:COMPUTERNAME&a%21=1%262"');
});

test("each selector is a flag of its own, also with a local file", () => {
  const command = startCommand({ ...wish, selectors: ["env=prod;region=eu-*", "role=db"], localFile: "a.toml" });
  expect(command.split("\n").at(-1)).toBe("telegraf --config a.toml --select 'env=prod;region=eu-*' --select role=db");
});

test.each([
  ["env=prod", true],
  ["env=prod;region=eu-?", true],
  ["env", false],
  ["=prod", false],
  ["en*=prod", false],
  ["env=", false],
  ["env=a;", false],
])("the selector %s is valid: %s", (selector, valid) => {
  expect(selectorProblem(selector) === null).toBe(valid);
});
