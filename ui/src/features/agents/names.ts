import type { Agent } from "@/api/types";

/** What people call an agent: its host, else its id. */
export function agentName(agent: Agent): string {
  return agent.hostname ?? agent.instanceId;
}
