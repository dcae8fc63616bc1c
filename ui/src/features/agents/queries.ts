import { infiniteQueryOptions, keepPreviousData, type QueryClient, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";

import { api } from "@/api/client";
import type { paths } from "@/api/schema";
import type { Agent, Page } from "@/api/types";
import { inChunks } from "@/shared/lib/bulk";
import type { ListDefaults, ListState } from "@/shared/lib/list-state";
import type { FilterSource } from "@/shared/table/filters";

import { SLOTS } from "./heartbeats";

type AgentListQuery = NonNullable<paths["/api/agents"]["get"]["parameters"]["query"]>;

const all = ["agents"] as const;

/** What the list of agents shows when its address says nothing. */
export const agentListDefaults: ListDefaults = {
  sortBy: "name",
  sortOrder: "asc",
  filters: ["status", "version", "label", "config", "group", "reportingRule"],
};

function conditions(list: ListState) {
  return {
    search: list.search,
    status: list.filters.status?.[0] as AgentListQuery["status"],
    version: list.filters.version?.[0],
    label: list.filters.label ?? [],
    config: list.filters.config?.[0],
    group: list.filters.group?.[0],
    reportingRule: list.filters.reportingRule?.[0],
  };
}

export const agentsQuery = (list: ListState) => {
  const query = {
    ...conditions(list),
    page: list.page,
    limit: list.limit,
    sortBy: list.sortBy as AgentListQuery["sortBy"],
    sortOrder: list.sortOrder,
  };
  return queryOptions({
    queryKey: [...all, "list", query],
    queryFn: ({ signal }) => api.get("/api/agents", { query, signal }),
    placeholderData: keepPreviousData,
  });
};

/** Counts over all agents that fit the search and filters but the status, which the counts are about. */
export const agentSummaryQuery = (list: ListState) => {
  const query = { ...conditions(list), status: undefined };
  return queryOptions({
    queryKey: [...all, "summary", query],
    queryFn: ({ signal }) => api.get("/api/agents/summary", { query, signal }),
    placeholderData: keepPreviousData,
  });
};

/** Versions of Telegraf to filter by, the most frequent in the fleet first. */
export const versionSource: FilterSource = {
  queryKey: [...all, "versions"],
  matching: async (typed, signal) => {
    const { telegrafVersion } = await api.get("/api/agents/summary", { signal });
    const known = telegrafVersion.flatMap(({ version }) => (version?.includes(typed) ? [version] : []));
    return known.slice(0, 50).map((version) => ({ value: version, label: version }));
  },
  named: (version) => Promise.resolve(version),
};

/** Agents whose names fit what somebody types, a few. */
export const agentSearchQuery = (search: string) =>
  queryOptions({
    queryKey: [...all, "search", search],
    queryFn: ({ signal }) => api.get("/api/agents", { query: { search, limit: 6 }, signal }),
    select: (page) => page.items,
    placeholderData: keepPreviousData,
  });

/** The first agents that run a configuration, the worst first. */
export const agentsOfConfigQuery = (config: string) =>
  queryOptions({
    queryKey: [...all, "config", config],
    queryFn: ({ signal }) =>
      api.get("/api/agents", { query: { config, limit: 25, sortBy: "status", sortOrder: "desc" }, signal }),
    refetchInterval: 30_000,
  });

export const agentQuery = (id: string) =>
  queryOptions({
    queryKey: [...all, "one", id],
    queryFn: ({ signal }) => api.get("/api/agents/{agent_id}", { path: { agent_id: id }, signal }),
  });

/** What a list that was asked for says of an agent: until its own record is there, it can be shown. */
export function listedAgent(client: QueryClient, id: string): Agent | undefined {
  const lists = client.getQueriesData<Page<Agent>>({ queryKey: [...all, "list"] });
  return lists.flatMap(([, page]) => page?.items ?? []).find((agent) => agent.id === id);
}

/** When the status of an agent changed, newest first. */
export const eventsQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: [...all, "one", id, "events"],
    queryFn: ({ signal, pageParam }) =>
      api.get("/api/agents/{agent_id}/events", { path: { agent_id: id }, query: { page: pageParam, limit: 5 }, signal }),
    initialPageParam: 1,
    getNextPageParam: (last) => (last.page * last.limit < last.total ? last.page + 1 : undefined),
  });

/** The log entries of the latest heartbeat; null where there is nothing. Instance ids may hold anything, slashes too. */
export const latestHeartbeatQuery = ({ id, instanceId }: Agent) =>
  queryOptions({
    queryKey: [...all, "one", id, "latest-heartbeat"],
    queryFn: ({ signal }) => api.get("/api/heartbeat/agent/{instanceId}/latest-heartbeat", { path: { instanceId }, signal }),
  });

/** What the last heartbeats counted, oldest first. */
export const seriesQuery = ({ id, instanceId }: Agent) =>
  queryOptions({
    queryKey: [...all, "one", id, "series"],
    queryFn: ({ signal }) =>
      api.get("/api/heartbeat/agent/{instanceId}/logs", { path: { instanceId }, query: { limit: SLOTS }, signal }),
  });

export function useAgentActions() {
  const client = useQueryClient();
  const change = <In, Out>(mutationFn: (input: In) => Promise<Out>) => ({
    mutationFn,
    onSettled: () => client.invalidateQueries({ queryKey: all }),
  });
  return {
    remove: useMutation(change((id: string) => api.delete("/api/agents/{agent_id}", { path: { agent_id: id } }))),
    removeMany: useMutation(
      change((ids: string[]) => inChunks(ids, (chunk) => api.post("/api/agents/bulk/delete", { body: { ids: chunk } }))),
    ),
    assignRule: useMutation(
      change(({ ids, ruleId }: { ids: string[]; ruleId: string }) =>
        inChunks(ids, (chunk) => api.put("/api/agents/bulk/reporting-rule", { body: { ids: chunk, ruleId } })),
      ),
    ),
    label: useMutation(
      change(({ ids, labelIds, add }: { ids: string[]; labelIds: string[]; add: boolean }) => {
        const path = add ? "/api/agents/bulk/labels/assign" : "/api/agents/bulk/labels/remove";
        return inChunks(ids, (chunk) => api.put(path, { body: { ids: chunk, labelIds } }));
      }),
    ),
  };
}
