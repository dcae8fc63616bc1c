import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";

import { api } from "@/api/client";

/** What an alias stands for: a configuration or a group. */
export type AliasOwner = { kind: "config" | "group"; id: string };

const ROOMS = { config: "configs", group: "groups" } as const;
const PATHS = { config: "/api/configs/{idOrAlias}/aliases", group: "/api/config-groups/{idOrAlias}/aliases" } as const;

export const aliasesQuery = ({ kind, id }: AliasOwner) =>
  queryOptions({
    queryKey: [ROOMS[kind], "one", id, "aliases"],
    queryFn: ({ signal }) => api.get(PATHS[kind], { path: { idOrAlias: id }, query: { limit: 500 }, signal }),
    select: (page) => page.items,
  });

export function useAliasActions({ kind, id }: AliasOwner) {
  const client = useQueryClient();
  const change = <In, Out>(mutationFn: (input: In) => Promise<Out>) => ({
    mutationFn,
    // An alias may have come from, or gone to, either room.
    onSettled: () => Promise.all(Object.values(ROOMS).map((room) => client.invalidateQueries({ queryKey: [room] }))),
  });
  return {
    add: useMutation(change((alias: string) => api.post(PATHS[kind], { path: { idOrAlias: id }, body: { alias } }))),
    transfer: useMutation(
      change(({ alias, to, acceptImpact }: { alias: string; to: AliasOwner; acceptImpact: boolean }) => {
        const body = to.kind === "config" ? { configId: to.id, acceptImpact } : { groupId: to.id, acceptImpact };
        return api.post("/api/aliases/{alias}/transfer", { path: { alias }, body });
      }),
    ),
    remove: useMutation(
      change(({ alias, acceptImpact }: { alias: string; acceptImpact: boolean }) =>
        api.delete("/api/aliases/{alias}", { path: { alias }, query: { acceptImpact } }),
      ),
    ),
  };
}
