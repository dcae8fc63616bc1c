import type { Agent } from "@/api/types";

/** What a list of agents was when somebody began to wait for another one. */
export type Beginning = {
  /** When an agent was last heard of then, by the server's clock; empty when there was none. */
  after: string;
  total: number;
};

/** `agents` are those that were heard last, the newest first. */
export function beginningOf(agents: Agent[], total: number): Beginning {
  return { after: agents[0]?.lastSeen ?? "", total };
}

/** The agent that came first since then. Whoever was there before was seen before the last of them was heard. */
export function firstOf(agents: Agent[], { after }: Beginning): Agent | undefined {
  return agents.filter((agent) => agent.firstSeen > after).sort((a, b) => a.firstSeen.localeCompare(b.firstSeen))[0];
}
