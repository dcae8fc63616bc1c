import { keepPreviousData, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";

import { api } from "@/api/client";
import type { paths } from "@/api/schema";
import type { List } from "@/shared/table/use-list";

type ConstantListQuery = NonNullable<paths["/api/constants"]["get"]["parameters"]["query"]>;

const all = ["constants"] as const;

export const constantsQuery = (list: List) => {
  const query = {
    page: list.page,
    limit: list.limit,
    search: list.search,
    sortBy: list.sortBy as ConstantListQuery["sortBy"],
    sortOrder: list.sortOrder,
  };
  return queryOptions({
    queryKey: [...all, "list", query],
    queryFn: ({ signal }) => api.get("/api/constants", { query, signal }),
    placeholderData: keepPreviousData,
  });
};

/** One constant with the configurations that use it. */
export const constantQuery = (name: string) =>
  queryOptions({
    queryKey: [...all, "one", name],
    queryFn: ({ signal }) => api.get("/api/constants/{name}", { path: { name }, signal }),
  });

export function useConstantActions() {
  const client = useQueryClient();
  const change = <In, Out>(mutationFn: (input: In) => Promise<Out>) => ({
    mutationFn,
    onSettled: () => client.invalidateQueries({ queryKey: all }),
  });
  return {
    create: useMutation(change((body: { name: string; value: string }) => api.post("/api/constants", { body }))),
    change: useMutation(
      change(({ name, value, acceptImpact }: { name: string; value: string; acceptImpact: boolean }) =>
        api.patch("/api/constants/{name}", { path: { name }, body: { value, acceptImpact } }),
      ),
    ),
    remove: useMutation(change((name: string) => api.delete("/api/constants/{name}", { path: { name } }))),
  };
}
