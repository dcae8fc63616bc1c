import { posixQuoted, powerShellQuoted, tomlQuoted } from "@/shared/lib/shell";

export type Endpoints = { api: string; heartbeat: string };
export type Snippet = { id: string; label: string; note: string; text: string };

/** Ready-made texts that use a token: of those it has the permissions for. */
export function tokenSnippets(token: string, permissions: readonly string[], { api, heartbeat }: Endpoints): Snippet[] {
  const may = (permission: string) => permissions.includes(permission);
  const snippets: Snippet[] = [];
  if (may("configs:read") || may("config-groups:read") || may("heartbeat:write")) {
    snippets.push(
      {
        id: "shell",
        label: "Linux, macOS",
        note: "Telegraf 1.39 and later reads TELEGRAF_CONTROLLER_TOKEN, older versions INFLUX_TOKEN.",
        text: [
          `export TELEGRAF_CONTROLLER_TOKEN=${posixQuoted(token)}`,
          `telegraf --config ${posixQuoted(`${api}/api/configs/CONFIGURATION/toml`)} --config-url-watch-interval 1m`,
        ].join("\n"),
      },
      {
        id: "powershell",
        label: "Windows",
        note: "For PowerShell. Telegraf before 1.39 reads INFLUX_TOKEN instead.",
        text: [
          `$env:TELEGRAF_CONTROLLER_TOKEN = ${powerShellQuoted(token)}`,
          `.\\telegraf.exe --config ${powerShellQuoted(`${api}/api/configs/CONFIGURATION/toml`)} --config-url-watch-interval 1m`,
        ].join("\n"),
      },
    );
  }
  if (may("heartbeat:write")) {
    snippets.push({
      id: "heartbeat",
      label: "Heartbeat plugin",
      note: "Goes into the configuration; the value itself stays in the agent's environment.",
      text: [
        "[[outputs.heartbeat]]",
        `  url = ${tomlQuoted(`${heartbeat}/agents/heartbeat`)}`,
        '  instance_id = "&{agent_id}"',
        '  token = "${TELEGRAF_CONTROLLER_TOKEN}"',
        '  interval = "1m"',
        '  include = ["hostname", "statistics", "configs", "logs", "status"]',
      ].join("\n"),
    });
  }
  const readable = READABLE.find(([permission]) => may(permission));
  snippets.push({
    id: "curl",
    label: "curl",
    note: "Any program presents the token in the Authorization header.",
    text: `curl --fail --silent --show-error \\\n  --header ${posixQuoted(`Authorization: Bearer ${token}`)} \\\n  ${posixQuoted(`${api}${readable?.[1] ?? "/api/auth/me"}`)}`,
  });
  return snippets;
}

const READABLE: [permission: string, path: string][] = [
  ["agents:read", "/api/agents"],
  ["configs:read", "/api/configs"],
  ["labels:read", "/api/labels"],
  ["tokens:read", "/api/tokens"],
];
