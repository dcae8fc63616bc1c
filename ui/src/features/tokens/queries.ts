import { keepPreviousData, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";

import { api } from "@/api/client";
import type { paths } from "@/api/schema";
import type { TokenCreate } from "@/api/types";
import type { List } from "@/shared/table/use-list";

type TokenListQuery = NonNullable<paths["/api/tokens"]["get"]["parameters"]["query"]>;

const all = ["tokens"] as const;

export const tokenFilters = ["status", "userId", "expiringWithinDays"] as const;

export const tokensQuery = (list: List) => {
  const query = {
    page: list.page,
    limit: list.limit,
    search: list.search,
    sortBy: list.sortBy as TokenListQuery["sortBy"],
    sortOrder: list.sortOrder,
    status: list.filters.status?.[0] as TokenListQuery["status"],
    userId: list.filters.userId?.[0],
    expiringWithinDays: Number(list.filters.expiringWithinDays?.[0]) || undefined,
  };
  return queryOptions({
    queryKey: [...all, "list", query],
    queryFn: ({ signal }) => api.get("/api/tokens", { query, signal }),
    placeholderData: keepPreviousData,
  });
};

/** How many tokens act for a user and can still be used. */
export const tokenCountQuery = (userId: string) =>
  queryOptions({
    queryKey: [...all, "count", userId],
    queryFn: ({ signal }) => api.get("/api/tokens", { query: { userId, status: "active", limit: 1 }, signal }),
    select: (page) => page.total,
  });

export const tokenQuery = (id: string) =>
  queryOptions({
    queryKey: [...all, "one", id],
    queryFn: ({ signal }) => api.get("/api/tokens/{token_id}", { path: { token_id: id }, signal }),
  });

/** What one's role may do, and the presets: fixed as long as the role is. */
export const permissionTableQuery = queryOptions({
  queryKey: [...all, "permissions"],
  queryFn: ({ signal }) => api.get("/api/tokens/permissions", { signal }),
  staleTime: 5 * 60_000,
});

export const capabilitiesQuery = queryOptions({
  queryKey: [...all, "capabilities"],
  queryFn: ({ signal }) => api.get("/api/tokens/capabilities", { signal }),
  staleTime: Infinity,
});

/** Changes of tokens; each makes lists and pages of tokens ask again. */
export function useTokenActions() {
  const client = useQueryClient();
  const change = <In, Out>(mutationFn: (input: In) => Promise<Out>) => ({
    mutationFn,
    onSettled: () => client.invalidateQueries({ queryKey: all }),
  });
  const path = (id: string) => ({ token_id: id });
  return {
    create: useMutation(change((body: TokenCreate) => api.post("/api/tokens", { body }))),
    revoke: useMutation(change((id: string) => api.post("/api/tokens/{token_id}/revoke", { path: path(id) }))),
    remove: useMutation(change((id: string) => api.delete("/api/tokens/{token_id}", { path: path(id) }))),
    rotate: useMutation(
      change(({ id, overlapSeconds }: { id: string; overlapSeconds: number }) =>
        api.post("/api/tokens/{token_id}/rotate", { path: path(id), body: { overlapSeconds } }),
      ),
    ),
    revokeMany: useMutation(change((ids: string[]) => api.post("/api/tokens/bulk/revoke", { body: { ids } }))),
    removeMany: useMutation(change((ids: string[]) => api.post("/api/tokens/bulk/delete", { body: { ids } }))),
    reassignMany: useMutation(
      change(({ ids, userId }: { ids: string[]; userId: string }) =>
        api.post("/api/tokens/bulk/reassign", { body: { ids, userId } }),
      ),
    ),
  };
}
