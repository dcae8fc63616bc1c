import { queryOptions, useSuspenseQuery } from "@tanstack/react-query";

import { api } from "@/api/client";

/** The frame asks for it as soon as somebody is signed in, so that pages need not wait. */
export const endpointsQuery = queryOptions({
  queryKey: ["settings", "endpoints"],
  queryFn: ({ signal }) => api.get("/api/settings/public-endpoints", { signal }),
  staleTime: 60_000,
  gcTime: Infinity,
});

/** Under which addresses agents and programs reach this instance, without a slash at the end. */
export function useEndpoints(): { api: string; heartbeat: string } {
  const { data } = useSuspenseQuery(endpointsQuery);
  return {
    api: data.apiUrl ?? location.origin,
    heartbeat: data.heartbeatUrl ?? `${location.protocol}//${location.hostname}:${data.heartbeatPort}`,
  };
}
