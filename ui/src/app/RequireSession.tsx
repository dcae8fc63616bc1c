import { useQuery } from "@tanstack/react-query";
import { Navigate, Outlet, useLocation } from "react-router";

import { Loading, LoadError } from "@/shared/parts/states";
import { authStatusQuery, MeContext, meQuery } from "@/shared/session";
import { urls } from "@/shared/urls";

/** Lets through who is signed in; sends others to sign in, or to set the instance up, and back afterwards. */
export function RequireSession() {
  const me = useQuery(meQuery);
  const status = useQuery({ ...authStatusQuery, enabled: me.data === null });
  const { pathname, search } = useLocation();

  if (me.data) {
    return (
      <MeContext value={me.data}>
        <Outlet />
      </MeContext>
    );
  }
  if (me.isError) return <LoadError what="who is signed in" error={me.error} onRetry={() => void me.refetch()} />;
  if (me.isPending || status.isLoading) return <Loading />;
  if (status.data?.setupRequired) return <Navigate to={urls.setUp} replace />;
  return <Navigate to={urls.signIn(pathname + search)} replace />;
}
