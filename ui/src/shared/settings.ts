import { queryOptions } from "@tanstack/react-query";

import { api } from "@/api/client";

export const settingsKey = ["settings"] as const;

export const settingsQuery = queryOptions({
  queryKey: settingsKey,
  queryFn: ({ signal }) => api.get("/api/settings", { signal }),
  staleTime: 60_000,
});
