import { keepPreviousData, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";

import { api } from "@/api/client";
import { sessionKeys } from "@/shared/session";

const sessions = ["account", "sessions"] as const;

export const SESSIONS_PER_PAGE = 10;

/** Where somebody is signed in, the session that was used last first. */
export const sessionsQuery = (page: number) =>
  queryOptions({
    queryKey: [...sessions, page],
    queryFn: ({ signal }) => api.get("/api/account/sessions", { query: { page, limit: SESSIONS_PER_PAGE }, signal }),
    placeholderData: keepPreviousData,
  });

export function useAccountActions() {
  const client = useQueryClient();
  const sessionsChanged = () => client.invalidateQueries({ queryKey: sessions });
  return {
    change: useMutation({
      mutationFn: (body: { username: string; email: string }) => api.patch("/api/account", { body }),
      onSuccess: () =>
        Promise.all([sessionKeys.me, ["users"], ["tokens"]].map((queryKey) => client.invalidateQueries({ queryKey }))),
    }),
    changePassword: useMutation({
      mutationFn: (body: { currentPassword: string; newPassword: string }) => api.post("/api/account/password", { body }),
      onSuccess: sessionsChanged,
    }),
    endSession: useMutation({
      mutationFn: (id: string) => api.delete("/api/account/sessions/{session_id}", { path: { session_id: id } }),
      onSettled: sessionsChanged,
    }),
    endOtherSessions: useMutation({
      mutationFn: () => api.delete("/api/account/sessions"),
      onSettled: sessionsChanged,
    }),
  };
}
