import { keepPreviousData, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";

import { api, getText } from "@/api/client";
import type { components, paths } from "@/api/schema";
import type { FilterSource } from "@/shared/table/filters";
import type { List } from "@/shared/table/use-list";

import type { Served } from "./use/served";

type ConfigListQuery = NonNullable<paths["/api/configs"]["get"]["parameters"]["query"]>;
type Schemas = components["schemas"];

const all = ["configs"] as const;
const one = (id: string) => [...all, "one", id] as const;

export const configFilters = ["label"] as const;

export const configsQuery = (list: List) => {
  const query = {
    page: list.page,
    limit: list.limit,
    search: list.search,
    sortBy: list.sortBy as ConfigListQuery["sortBy"],
    sortOrder: list.sortOrder,
    label: list.filters.label ?? [],
  };
  return queryOptions({
    queryKey: [...all, "list", query],
    queryFn: ({ signal }) => api.get("/api/configs", { query, signal }),
    placeholderData: keepPreviousData,
  });
};

/** All configurations by name, to choose from. */
export const configChoicesQuery = queryOptions({
  queryKey: [...all, "choices"],
  queryFn: ({ signal }) => api.get("/api/configs", { query: { limit: 500 }, signal }),
  select: (page) => page.items,
  staleTime: 30_000,
});

/** Configurations whose names fit what somebody types, a few. */
export const configSearchQuery = (search: string) =>
  queryOptions({
    queryKey: [...all, "search", search],
    queryFn: ({ signal }) => api.get("/api/configs", { query: { search, limit: 6 }, signal }),
    select: (page) => page.items,
    placeholderData: keepPreviousData,
  });

/** Configurations to filter by; an alias does as well. */
export const configSource: FilterSource = {
  queryKey: [...all, "filter"],
  matching: async (search, signal) => {
    const page = await api.get("/api/configs", { query: { search, limit: 50 }, signal });
    return page.items.map(({ id, name }) => ({ value: id, label: name }));
  },
  named: async (idOrAlias, signal) => (await api.get("/api/configs/{idOrAlias}", { path: { idOrAlias }, signal })).name,
};

export const configQuery = (id: string) =>
  queryOptions({
    queryKey: one(id),
    queryFn: ({ signal }) => api.get("/api/configs/{idOrAlias}", { path: { idOrAlias: id }, signal }),
  });

/** What the text of a configuration or a group wants to know from whoever runs it. */
export const variablesQuery = (served: Served | null) =>
  queryOptions({
    queryKey: [...all, "variables", served?.kind, served?.id],
    queryFn: ({ signal }) => {
      const request = { path: { idOrAlias: served?.id ?? "" }, signal };
      return served?.kind === "group" ? api.get("/api/config-groups/{idOrAlias}/variables", request) : api.get("/api/configs/{idOrAlias}/variables", request);
    },
  });

export const versionsQuery = (id: string, page: number) =>
  queryOptions({
    queryKey: [...one(id), "versions", page],
    queryFn: ({ signal }) =>
      api.get("/api/configs/{idOrAlias}/versions", { path: { idOrAlias: id }, query: { page, limit: 50 }, signal }),
    placeholderData: keepPreviousData,
  });

/** One version with its text, which never changes. */
export const versionQuery = (id: string, version: number) =>
  queryOptions({
    queryKey: [...one(id), "version", version],
    queryFn: ({ signal }) =>
      api.get("/api/configs/{idOrAlias}/versions/{version}", { path: { idOrAlias: id, version }, signal }),
    staleTime: 60_000,
  });

export type ConfigChange = Schemas["ConfigImpact"];

/** What another text, or an older version, would mean for the agents of today (V7). Nothing is saved, and no text is kept. */
export const impactQuery = (id: string, change: ConfigChange) =>
  queryOptions({
    queryKey: ["config-impact", id, change],
    queryFn: ({ signal }) => api.post("/api/configs/{idOrAlias}/impact", { path: { idOrAlias: id }, body: change, signal }),
    placeholderData: keepPreviousData,
    retry: false,
    gcTime: 0,
  });

/** The text as an agent with these parameters gets it now. */
export function servedText({ kind, id }: Served, parameters: Record<string, string>): Promise<string> {
  const template = kind === "group" ? "/api/config-groups/{idOrAlias}/toml" : "/api/configs/{idOrAlias}/toml";
  return getText(template, { path: { idOrAlias: id }, query: parameters });
}

/** What a check of a text finds. It is asked while somebody types, so nothing of it is kept. */
export function validateToml(toml: string, signal?: AbortSignal) {
  return api.post("/api/configs/validate", { body: { toml }, signal });
}

type CreateEach = {
  bodies: Schemas["ConfigCreate"][];
  onMade: (index: number, made: Schemas["ConfigSaved"]) => void;
  onRefused: (index: number, reason: unknown) => void;
};

/** Create one after the other, and tell of each; one that is refused keeps nothing of the others from happening. */
async function createEach({ bodies, onMade, onRefused }: CreateEach): Promise<void> {
  for (const [index, body] of bodies.entries()) {
    try {
      onMade(index, await api.post("/api/configs", { body }));
    } catch (reason) {
      onRefused(index, reason);
    }
  }
}

export function useConfigActions() {
  const client = useQueryClient();
  const change = <In, Out>(mutationFn: (input: In) => Promise<Out>) => ({
    mutationFn,
    onSettled: () => client.invalidateQueries({ queryKey: all }),
  });
  return {
    create: useMutation(change((body: Schemas["ConfigCreate"]) => api.post("/api/configs", { body }))),
    createEach: useMutation(change(createEach)),
    change: useMutation(
      change(({ id, body }: { id: string; body: Schemas["ConfigPatch"] }) =>
        api.patch("/api/configs/{idOrAlias}", { path: { idOrAlias: id }, body }),
      ),
    ),
    duplicate: useMutation(
      change((id: string) => api.post("/api/configs/{idOrAlias}/duplicate", { path: { idOrAlias: id } })),
    ),
    removeMany: useMutation(change((ids: string[]) => api.post("/api/configs/bulk/delete", { body: { ids } }))),
    remove: useMutation(change((id: string) => api.delete("/api/configs/{idOrAlias}", { path: { idOrAlias: id } }))),
    label: useMutation(
      change(({ ids, labelIds, add }: { ids: string[]; labelIds: string[]; add: boolean }) =>
        api.put(add ? "/api/configs/bulk/labels/assign" : "/api/configs/bulk/labels/remove", { body: { ids, labelIds } }),
      ),
    ),
  };
}

export function useVersionActions(id: string) {
  const client = useQueryClient();
  const change = <In, Out>(mutationFn: (input: In) => Promise<Out>) => ({
    mutationFn,
    onSettled: () => client.invalidateQueries({ queryKey: all }),
  });
  const path = (version: number) => ({ idOrAlias: id, version });
  return {
    note: useMutation(
      change(({ version, note }: { version: number; note: string }) =>
        api.patch("/api/configs/{idOrAlias}/versions/{version}", { path: path(version), body: { note } }),
      ),
    ),
    rollBack: useMutation(
      change(({ version, acceptImpact }: { version: number; acceptImpact: boolean }) =>
        api.post("/api/configs/{idOrAlias}/versions/{version}/rollback", { path: path(version), body: { acceptImpact } }),
      ),
    ),
    prune: useMutation(
      change((body: Schemas["VersionPrune"]) =>
        api.post("/api/configs/{idOrAlias}/versions/prune", { path: { idOrAlias: id }, body }),
      ),
    ),
  };
}
