import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";

import type { Agent } from "@/api/types";
import { counted } from "@/shared/lib/numbers";
import { RelativeTime } from "@/shared/parts/RelativeTime";
import { Section } from "@/shared/parts/Section";
import { Loading, LoadError } from "@/shared/parts/states";
import { type SmallColumn, SmallTable } from "@/shared/table/SmallTable";
import { urls } from "@/shared/urls";

import { agentName } from "../names";
import { agentsOfConfigQuery } from "../queries";
import { AgentBadge } from "./AgentBadge";

const COLUMNS: SmallColumn<Agent>[] = [
  { key: "agent", header: "Agent", cell: (agent) => <Link to={urls.agent(agent.id)}>{agentName(agent)}</Link> },
  { key: "status", header: "Status", cell: (agent) => <AgentBadge status={agent.status} /> },
  { key: "telegraf", header: "Telegraf", cell: (agent) => agent.telegrafVersion },
  { key: "seen", header: "Last seen", cell: (agent) => <RelativeTime at={agent.lastSeen} /> },
];

/** The first agents that run a configuration, and the way to all of them. */
export function AgentsOf({ configId }: { configId: string }) {
  const agents = useQuery(agentsOfConfigQuery(configId));
  if (agents.isError && !agents.data) return <LoadError what="the agents" error={agents.error} onRetry={() => void agents.refetch()} />;
  if (!agents.data) return <Loading />;
  const { items, total } = agents.data;
  const all = <Link to={urls.agentsWith({ config: configId })}>All in the list of agents</Link>;
  return (
    <Section title={total ? counted(total, "agent") : "No agents"} lead="Agents whose latest heartbeat names this configuration." actions={total > 0 && all}>
      {total === 0 ? (
        <span className="tc-faint">“Use this configuration” makes the command that starts one.</span>
      ) : (
        <SmallTable
          label="Agents"
          rows={items}
          columns={COLUMNS}
          rowKey={(agent) => agent.id}
          rowName={agentName}
        />
      )}
    </Section>
  );
}
