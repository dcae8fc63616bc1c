import { keepPreviousData, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";

import { api } from "@/api/client";
import type { components, paths } from "@/api/schema";
import type { FilterSource } from "@/shared/table/filters";
import type { List } from "@/shared/table/use-list";

type RuleListQuery = NonNullable<paths["/api/reporting-rules"]["get"]["parameters"]["query"]>;
type Schemas = components["schemas"];

const all = ["reporting-rules"] as const;

export const rulesQuery = (list: List) => {
  const query = {
    page: list.page,
    limit: list.limit,
    search: list.search,
    sortBy: list.sortBy as RuleListQuery["sortBy"],
    sortOrder: list.sortOrder,
  };
  return queryOptions({
    queryKey: [...all, "list", query],
    queryFn: ({ signal }) => api.get("/api/reporting-rules", { query, signal }),
    placeholderData: keepPreviousData,
  });
};

export const ruleQuery = (id: string) =>
  queryOptions({
    queryKey: [...all, "one", id],
    queryFn: ({ signal }) => api.get("/api/reporting-rules/{ruleId}", { path: { ruleId: id }, signal }),
    staleTime: 30_000,
  });

/** Rules to filter by, and to choose from. */
export const ruleSource: FilterSource = {
  queryKey: [...all, "filter"],
  matching: async (search, signal) => {
    const page = await api.get("/api/reporting-rules", { query: { search, limit: 50 }, signal });
    return page.items.map(({ id, description }) => ({ value: id, label: description }));
  },
  named: async (ruleId, signal) => (await api.get("/api/reporting-rules/{ruleId}", { path: { ruleId }, signal })).description,
};

/** Changes of rules; agents show theirs, and their status follows from it. */
export function useRuleActions() {
  const client = useQueryClient();
  const change = <In, Out>(mutationFn: (input: In) => Promise<Out>) => ({
    mutationFn,
    onSettled: () => Promise.all([all, ["agents"]].map((queryKey) => client.invalidateQueries({ queryKey }))),
  });
  const path = (id: string) => ({ ruleId: id });
  return {
    create: useMutation(change((body: Schemas["RuleCreate"]) => api.post("/api/reporting-rules", { body }))),
    change: useMutation(
      change(({ id, body }: { id: string; body: Schemas["RulePatch"] }) =>
        api.patch("/api/reporting-rules/{ruleId}", { path: path(id), body }),
      ),
    ),
    makeDefault: useMutation(
      change((id: string) => api.post("/api/reporting-rules/{ruleId}/make-default", { path: path(id) })),
    ),
    remove: useMutation(change((id: string) => api.delete("/api/reporting-rules/{ruleId}", { path: path(id) }))),
  };
}
