import { keepPreviousData, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";

import { api } from "@/api/client";
import type { components, paths } from "@/api/schema";
import type { FilterSource } from "@/shared/table/filters";
import type { List } from "@/shared/table/use-list";

type LabelListQuery = NonNullable<paths["/api/labels"]["get"]["parameters"]["query"]>;
type Schemas = components["schemas"];

const all = ["labels"] as const;

/** What shows labels, and has to ask again when one changes. */
const CARRIERS = ["agents", "configs", "groups"];

export const labelsQuery = (list: List) => {
  const query = {
    page: list.page,
    limit: list.limit,
    search: list.search,
    sortBy: list.sortBy as LabelListQuery["sortBy"],
    sortOrder: list.sortOrder,
  };
  return queryOptions({
    queryKey: [...all, "list", query],
    queryFn: ({ signal }) => api.get("/api/labels", { query, signal }),
    placeholderData: keepPreviousData,
  });
};

/** All labels, to choose from. */
export const labelChoicesQuery = queryOptions({
  queryKey: [...all, "choices"],
  queryFn: ({ signal }) => api.get("/api/labels", { query: { limit: 500 }, signal }),
  select: (page) => page.items,
  staleTime: 30_000,
});

/** Labels to filter by. */
export const labelSource: FilterSource = {
  queryKey: [...all, "filter"],
  matching: async (search, signal) => {
    const page = await api.get("/api/labels", { query: { search, limit: 50 }, signal });
    return page.items.map(({ id, name }) => ({ value: id, label: name }));
  },
  named: async (labelId, signal) => (await api.get("/api/labels/{labelId}", { path: { labelId }, signal })).name,
};

export function useLabelActions() {
  const client = useQueryClient();
  const change = <In, Out>(mutationFn: (input: In) => Promise<Out>) => ({
    mutationFn,
    onSettled: () =>
      Promise.all([...all, ...CARRIERS].map((room) => client.invalidateQueries({ queryKey: [room] }))),
  });
  return {
    create: useMutation(change((body: Schemas["LabelCreate"]) => api.post("/api/labels", { body }))),
    change: useMutation(
      change(({ id, body }: { id: string; body: Schemas["LabelPatch"] }) =>
        api.patch("/api/labels/{labelId}", { path: { labelId: id }, body }),
      ),
    ),
    removeMany: useMutation(change((ids: string[]) => api.delete("/api/labels", { body: { ids } }))),
  };
}
