import { keepPreviousData, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";

import { api } from "@/api/client";
import type { components, paths } from "@/api/schema";
import type { List } from "@/shared/table/use-list";

type UserListQuery = NonNullable<paths["/api/users"]["get"]["parameters"]["query"]>;
type Schemas = components["schemas"];

const users = ["users"] as const;
const invites = ["invites"] as const;

export const userFilters = ["role", "status"] as const;

export const usersQuery = (list: List) => {
  const query = {
    page: list.page,
    limit: list.limit,
    search: list.search,
    sortBy: list.sortBy as UserListQuery["sortBy"],
    sortOrder: list.sortOrder,
    role: list.filters.role?.[0] as UserListQuery["role"],
    status: list.filters.status?.[0] as UserListQuery["status"],
  };
  return queryOptions({
    queryKey: [...users, "list", query],
    queryFn: ({ signal }) => api.get("/api/users", { query, signal }),
    placeholderData: keepPreviousData,
  });
};

/** Everybody, to choose from. */
export const userChoicesQuery = queryOptions({
  queryKey: [...users, "choices"],
  queryFn: ({ signal }) => api.get("/api/users", { query: { limit: 500 }, signal }),
  select: (page) => page.items,
  staleTime: 30_000,
});

export const userQuery = (id: string) =>
  queryOptions({
    queryKey: [...users, "one", id],
    queryFn: ({ signal }) => api.get("/api/users/{user_id}", { path: { user_id: id }, signal }),
  });

export const invitesQuery = queryOptions({
  queryKey: invites,
  queryFn: ({ signal }) => api.get("/api/invites", { query: { limit: 500 }, signal }),
});

/** Changes of people; each makes what is shown of them ask again. */
export function useUserActions() {
  const client = useQueryClient();
  const change = <In, Out>(mutationFn: (input: In) => Promise<Out>) => ({
    mutationFn,
    // A role or status reaches the person's tokens too.
    onSettled: () => Promise.all([users, invites, ["tokens"]].map((queryKey) => client.invalidateQueries({ queryKey }))),
  });
  const path = (id: string) => ({ user_id: id });
  return {
    change: useMutation(
      change(({ id, body }: { id: string; body: Schemas["UserChange"] }) =>
        api.patch("/api/users/{user_id}", { path: path(id), body }),
      ),
    ),
    remove: useMutation(change((id: string) => api.delete("/api/users/{user_id}", { path: path(id) }))),
    makeOwner: useMutation(
      change(({ id, body }: { id: string; body: Schemas["OwnershipTransfer"] }) =>
        api.post("/api/users/{user_id}/make-owner", { path: path(id), body }),
      ),
    ),
    invite: useMutation(change((body: Schemas["InviteCreate"]) => api.post("/api/invites", { body }))),
    withdraw: useMutation(change((id: string) => api.delete("/api/invites/{invite_id}", { path: { invite_id: id } }))),
    resetPassword: useMutation(
      change(({ id, expiresInHours }: { id: string; expiresInHours: number }) =>
        api.post("/api/users/{user_id}/password-reset", { path: path(id), body: { expiresInHours } }),
      ),
    ),
  };
}
