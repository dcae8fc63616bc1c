import { tomlQuoted } from "@/shared/lib/shell";

/** What a new configuration begins with: an agent that measures its machine and reports here (V6). */
export function firstConfiguration(heartbeatUrl: string): string {
  return `# What this configuration is for, and who to ask about it.

[agent]
  interval = "10s"
  flush_interval = "10s"

[[inputs.cpu]]

[[inputs.mem]]

# Reports to this controller. &{agent_id} comes from the address, ?agent_id=web-1; the token from the agent's environment.
[[outputs.heartbeat]]
  url = ${tomlQuoted(`${heartbeatUrl}/agents/heartbeat`)}
  instance_id = "&{agent_id}"
  token = "\${TELEGRAF_CONTROLLER_TOKEN}"
  interval = "1m"
  include = ["hostname", "statistics", "configs", "logs", "status"]
`;
}
