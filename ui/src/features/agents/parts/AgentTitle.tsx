import type { Agent } from "@/api/types";

import { agentName } from "../names";
import classes from "./AgentTitle.module.css";

/** What an agent is called, and under it the id where that is something else. */
export function AgentTitle({ agent }: { agent: Agent }) {
  return (
    <span className={classes.title}>
      {agentName(agent)}
      {agentName(agent) !== agent.instanceId && <span className={classes.id}>{agent.instanceId}</span>}
    </span>
  );
}
