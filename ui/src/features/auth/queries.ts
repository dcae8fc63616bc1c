import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";

import { api } from "@/api/client";
import { notifyFailed } from "@/shared/lib/notify";
import { sessionKeys } from "@/shared/session";

/** What somebody is asked to join as, who has an invite's link. */
export const inviteQuery = (secret: string) =>
  queryOptions({
    queryKey: ["invite-link", secret],
    queryFn: ({ signal }) => api.get("/api/invites/accept/{secret}", { path: { secret }, signal }),
    retry: false,
    staleTime: Infinity,
  });

export function useSignOut() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => api.post("/api/auth/logout"),
    onSuccess: () => {
      // What the last person saw must not be there for the next.
      client.clear();
      client.setQueryData(sessionKeys.me, null);
      location.assign("/sign-in");
    },
    onError: (error) => notifyFailed("Could not sign out", error),
  });
}

/** After a sign-in: forget what was known about nobody, and ask who it is now. */
export function useSignedIn(): () => Promise<void> {
  const client = useQueryClient();
  return async () => {
    client.removeQueries({ predicate: (query) => query.queryKey[0] !== "session" });
    await client.invalidateQueries({ queryKey: sessionKeys.status });
    await client.resetQueries({ queryKey: sessionKeys.me });
  };
}
