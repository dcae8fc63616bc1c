import { keepPreviousData, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";

import { api } from "@/api/client";
import type { components, paths } from "@/api/schema";
import type { FilterSource } from "@/shared/table/filters";
import type { List } from "@/shared/table/use-list";

type GroupListQuery = NonNullable<paths["/api/config-groups"]["get"]["parameters"]["query"]>;
type Schemas = components["schemas"];

const all = ["groups"] as const;

export const groupFilters = ["label"] as const;

export const groupsQuery = (list: List) => {
  const query = {
    page: list.page,
    limit: list.limit,
    search: list.search,
    sortBy: list.sortBy as GroupListQuery["sortBy"],
    sortOrder: list.sortOrder,
    label: list.filters.label ?? [],
  };
  return queryOptions({
    queryKey: [...all, "list", query],
    queryFn: ({ signal }) => api.get("/api/config-groups", { query, signal }),
    placeholderData: keepPreviousData,
  });
};

/** All groups by name, to choose from. */
export const groupChoicesQuery = queryOptions({
  queryKey: [...all, "choices"],
  queryFn: ({ signal }) => api.get("/api/config-groups", { query: { limit: 500 }, signal }),
  select: (page) => page.items,
  staleTime: 30_000,
});

/** Groups to filter by; an alias does as well. */
export const groupSource: FilterSource = {
  queryKey: [...all, "filter"],
  matching: async (search, signal) => {
    const page = await api.get("/api/config-groups", { query: { search, limit: 50 }, signal });
    return page.items.map(({ id, name }) => ({ value: id, label: name }));
  },
  named: async (idOrAlias, signal) =>
    (await api.get("/api/config-groups/{idOrAlias}", { path: { idOrAlias }, signal })).name,
};

/** Groups whose names fit what somebody types, a few. */
export const groupSearchQuery = (search: string) =>
  queryOptions({
    queryKey: [...all, "search", search],
    queryFn: ({ signal }) => api.get("/api/config-groups", { query: { search, limit: 6 }, signal }),
    select: (page) => page.items,
    placeholderData: keepPreviousData,
  });

export const groupQuery = (id: string) =>
  queryOptions({
    queryKey: [...all, "one", id],
    queryFn: ({ signal }) => api.get("/api/config-groups/{idOrAlias}", { path: { idOrAlias: id }, signal }),
  });

/** The text of all members together, as agents get it but for the values of placeholders. */
export const groupPreviewQuery = (id: string) =>
  queryOptions({
    queryKey: [...all, "one", id, "preview"],
    queryFn: ({ signal }) => api.get("/api/config-groups/{idOrAlias}/preview", { path: { idOrAlias: id }, signal }),
  });

export function useGroupActions() {
  const client = useQueryClient();
  const change = <In, Out>(mutationFn: (input: In) => Promise<Out>) => ({
    mutationFn,
    onSettled: () => Promise.all([all, ["configs"]].map((queryKey) => client.invalidateQueries({ queryKey }))),
  });
  return {
    create: useMutation(change((body: Schemas["GroupCreate"]) => api.post("/api/config-groups", { body }))),
    change: useMutation(
      change(({ id, body }: { id: string; body: Schemas["GroupPatch"] }) =>
        api.patch("/api/config-groups/{idOrAlias}", { path: { idOrAlias: id }, body }),
      ),
    ),
    remove: useMutation(
      change(({ id, acceptImpact }: { id: string; acceptImpact: boolean }) =>
        api.delete("/api/config-groups/{idOrAlias}", { path: { idOrAlias: id }, query: { acceptImpact } }),
      ),
    ),
    label: useMutation(
      change(({ ids, labelIds, add }: { ids: string[]; labelIds: string[]; add: boolean }) => {
        const path = add ? "/api/config-groups/bulk/labels/assign" : "/api/config-groups/bulk/labels/remove";
        return api.put(path, { body: { ids, labelIds } });
      }),
    ),
  };
}
