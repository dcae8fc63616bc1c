import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";

import { api } from "@/api/client";
import { isApiError } from "@/api/errors";
import type { Config, Token } from "@/api/types";
import { configQuery } from "@/features/configs/queries";

/** The configuration that is made here. By its name it is found again when somebody leaves midway and comes back. */
export const STARTER_NAME = "starter";

const starterKey = ["configs", "starter"] as const;

export const starterQuery = queryOptions({
  queryKey: starterKey,
  queryFn: async ({ signal }): Promise<string | null> => {
    const { items } = await api.get("/api/configs", { query: { search: STARTER_NAME, limit: 200 }, signal });
    return items.find((config) => config.name === STARTER_NAME)?.id ?? null;
  },
});

/** The name of the token for agents with a configuration. */
export function tokenNameFor(config: Config): string {
  return `${config.name} agents`.slice(0, 100);
}

/** The token that was made here for a configuration, if there is one and it can still be used. */
export const startTokenQuery = (name: string) =>
  queryOptions({
    queryKey: ["tokens", "start", name],
    queryFn: async ({ signal }): Promise<Token | null> => {
      const { items } = await api.get("/api/tokens", { query: { search: name, status: "active", limit: 200 }, signal });
      return items.find((token) => token.name === name) ?? null;
    },
  });

/** The agents that were heard last, of a configuration or of all. */
export const lastHeardQuery = (config: string | null) =>
  queryOptions({
    queryKey: ["agents", "last-heard", config],
    queryFn: ({ signal }) =>
      api.get("/api/agents", { query: { config, limit: 50, sortBy: "lastSeen", sortOrder: "desc" }, signal }),
  });

/** Make the starter configuration; one that somebody else made meanwhile is as good. */
export function useMakeStarter() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (toml: string): Promise<string> => {
      try {
        const made = await api.post("/api/configs", {
          body: { name: STARTER_NAME, toml, description: "Measures the machine and reports here. Change it as you like." },
        });
        client.setQueryData(configQuery(made.id).queryKey, made);
        return made.id;
      } catch (failure) {
        const found = isApiError(failure, "config_name_conflict") ? await client.query({ ...starterQuery, staleTime: 0 }) : null;
        if (found === null) throw failure;
        return found;
      }
    },
    onSettled: () => client.invalidateQueries({ queryKey: ["configs"] }),
  });
}
