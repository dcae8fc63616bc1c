import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";

import { ApiError } from "@/api/errors";
import { sessionKeys } from "@/shared/session";

/** The session has ended, or somebody ended it: the frame then shows the sign-in page, with the way back here. */
function noticeSignOut(error: Error): void {
  if (error instanceof ApiError && error.status === 401 && error.code !== "invalid_credentials") {
    queryClient.setQueryData(sessionKeys.me, null);
  }
}

/** A permission was taken away since we asked: ask again, so that what is shown fits. */
function noticeLostPermission(error: Error): void {
  if (error instanceof ApiError && error.code === "insufficient_permissions") {
    void queryClient.invalidateQueries({ queryKey: sessionKeys.me });
  }
}

function notice(error: Error): void {
  noticeSignOut(error);
  noticeLostPermission(error);
}

export const queryClient: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError: notice }),
  mutationCache: new MutationCache({ onError: notice }),
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      refetchOnWindowFocus: true,
      retry: (failures, error) => failures < 2 && error instanceof ApiError && error.isPassing,
    },
  },
});
