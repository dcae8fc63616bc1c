import { noop } from "@tanstack/react-query";
import type { RouteObject } from "react-router";

import { ruleQuery } from "@/features/reporting/queries";
import { readListState } from "@/shared/lib/list-state";
import { page, type Prefetch } from "@/shared/routes";
import { paths } from "@/shared/urls";

import { agentListDefaults, agentQuery, agentsQuery, agentSummaryQuery, eventsQuery, latestHeartbeatQuery, listedAgent, seriesQuery } from "./queries";

const prefetchAgents: Prefetch = ({ client, address }) => {
  const list = readListState(address, agentListDefaults);
  client.query(agentsQuery(list)).catch(noop);
  client.query(agentSummaryQuery(list)).catch(noop);
};

const prefetchAgent: Prefetch = ({ client, can, params: { id = "" } }) => {
  client.query(agentQuery(id)).catch(noop);
  client.infiniteQuery(eventsQuery(id)).catch(noop);
  const agent = listedAgent(client, id);
  if (agent && can("heartbeat:read")) {
    client.query(seriesQuery(agent)).catch(noop);
    client.query(latestHeartbeatQuery(agent)).catch(noop);
  }
  if (agent && can("reporting-rules:read")) client.query(ruleQuery(agent.reportingRule.id)).catch(noop);
};

export const agentRoutes: RouteObject[] = [
  page(paths.agents, "agents:read", () => import("./pages/AgentsPage"), prefetchAgents),
  page(paths.agent, "agents:read", () => import("./pages/AgentPage"), prefetchAgent),
];
