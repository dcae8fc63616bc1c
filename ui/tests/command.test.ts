import { expect, test } from "vitest";

import { addressWith, type CommandWish, startCommand } from "@/features/configs/use/command";

const wish: CommandWish = {
  shell: "posix",
  address: "https://tc.example.net/c/linux-base",
  parameters: { agent_id: "web 1&2", site: "" },
  environment: { REGION: "it's" },
  token: "tc-apiv1_ab",
  watchInterval: "1m",
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
  expect(addressWith("/c/a", { x: "" })).toBe("/c/a");
});
