import { queryOptions } from "@tanstack/react-query";
import { createContext, use } from "react";

import { api } from "@/api/client";
import { isApiError } from "@/api/errors";
import type { Me } from "@/api/types";

export const sessionKeys = { me: ["session", "me"] as const, status: ["session", "status"] as const };

/** Who is signed in; null when nobody is. */
export const meQuery = queryOptions({
  queryKey: sessionKeys.me,
  queryFn: async ({ signal }): Promise<Me | null> => {
    try {
      return await api.get("/api/auth/me", { signal });
    } catch (error) {
      if (isApiError(error) && error.status === 401) return null;
      throw error;
    }
  },
  staleTime: 60_000,
  refetchOnWindowFocus: true,
});

/** What is known before anybody is signed in. */
export const authStatusQuery = queryOptions({
  queryKey: sessionKeys.status,
  queryFn: ({ signal }) => api.get("/api/auth/status", { signal }),
  staleTime: Infinity,
});

/** Filled by the frame around all pages for people who are signed in. */
export const MeContext = createContext<Me | null>(null);

/** Who is signed in, on pages that only exist for people who are. */
export function useMe(): Me {
  const me = use(MeContext);
  if (me === null) throw new Error("useMe() outside of the pages for people who are signed in");
  return me;
}

/** Tell whether the person may do something: `can("tokens:write")`. */
export function useCan(): (permission: string) => boolean {
  const { permissions } = useMe();
  return (permission) => permissions.includes(permission);
}
