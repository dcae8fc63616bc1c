import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Navigate, Outlet, useLocation } from "react-router";

import type { Me } from "@/api/types";
import { hasUnsavedWork } from "@/shared/lib/unsaved";
import { Loading, LoadError } from "@/shared/parts/states";
import { authStatusQuery, MeContext, meQuery } from "@/shared/session";
import { urls } from "@/shared/urls";

import { SessionEnded } from "./SessionEnded";

/**
 * Lets through who is signed in; sends others to sign in, or to set the instance up, and back afterwards. When the session
 * ends over unsaved work, the page stays and asks for the password.
 */
export function RequireSession() {
  const me = useQuery(meQuery);
  const status = useQuery({ ...authStatusQuery, enabled: me.data === null });
  const { pathname, search } = useLocation();
  const [last, setLast] = useState<Me | null>(null);
  if (me.data && me.data !== last) setLast(me.data);

  const shown = me.data ?? (me.data === null && hasUnsavedWork() ? last : null);
  if (shown) {
    return (
      <MeContext value={shown}>
        <Outlet />
        {me.data === null && <SessionEnded username={shown.user.username} />}
      </MeContext>
    );
  }
  if (me.isError) return <LoadError what="who is signed in" error={me.error} onRetry={() => void me.refetch()} />;
  if (me.isPending || status.isLoading) return <Loading />;
  if (status.data?.setupRequired) return <Navigate to={urls.setUp} replace />;
  return <Navigate to={urls.signIn(pathname + search)} replace />;
}
