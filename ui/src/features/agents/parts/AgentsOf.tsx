import { Table } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";

import { counted } from "@/shared/lib/numbers";
import { RelativeTime } from "@/shared/parts/RelativeTime";
import { Section } from "@/shared/parts/Section";
import { Loading, LoadError } from "@/shared/parts/states";
import { urls } from "@/shared/urls";

import { agentName } from "../names";
import { agentsOfConfigQuery } from "../queries";
import { AgentBadge } from "./AgentBadge";

/** The first agents that run a configuration, and the way to all of them. */
export function AgentsOf({ configId }: { configId: string }) {
  const agents = useQuery(agentsOfConfigQuery(configId));
  if (agents.isError && !agents.data) return <LoadError what="the agents" error={agents.error} onRetry={() => void agents.refetch()} />;
  if (!agents.data) return <Loading />;
  const { items, total } = agents.data;
  const all = <Link to={urls.agentsWith({ config: configId })}>All in the list of agents</Link>;
  return (
    <Section title={counted(total, "agent")} lead="Agents whose latest heartbeat names this configuration." actions={total > 0 && all}>
      {total === 0 ? (
        <span className="tc-faint">None. “Use this configuration” makes the command that starts one.</span>
      ) : (
        <Table.ScrollContainer minWidth={520} type="native">
          <Table aria-label="Agents" tabularNums>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Agent</Table.Th>
                <Table.Th>Status</Table.Th>
                <Table.Th>Telegraf</Table.Th>
                <Table.Th>Last seen</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {items.map((agent) => (
                <Table.Tr key={agent.id}>
                  <Table.Td><Link to={urls.agent(agent.id)}>{agentName(agent)}</Link></Table.Td>
                  <Table.Td><AgentBadge status={agent.status} /></Table.Td>
                  <Table.Td>{agent.telegrafVersion}</Table.Td>
                  <Table.Td><RelativeTime at={agent.lastSeen} /></Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </Section>
  );
}
