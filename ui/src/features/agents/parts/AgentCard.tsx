import { Link } from "react-router";

import type { Agent } from "@/api/types";
import { LabelChips } from "@/shared/parts/LabelChips";
import { RelativeTime } from "@/shared/parts/RelativeTime";
import { urls } from "@/shared/urls";

import { agentName } from "../names";
import { AgentBadge } from "./AgentBadge";
import classes from "./AgentCard.module.css";
import { ConfigNames } from "./ConfigNames";

export function AgentCard({ agent }: { agent: Agent }) {
  return (
    <Link className={classes.card} to={urls.agent(agent.id)}>
      <span className={classes.top}>
        <span className={classes.name} title={agent.instanceId}>{agentName(agent)}</span>
        <AgentBadge status={agent.status} />
      </span>
      <span className={classes.line}><ConfigNames configs={agent.configs} /></span>
      <span className={classes.line}>
        <span>{agent.telegrafVersion ?? "unknown version"}</span>
        <RelativeTime at={agent.lastSeen} />
      </span>
      <LabelChips labels={agent.labels} />
    </Link>
  );
}
