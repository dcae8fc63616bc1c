import { noop } from "@tanstack/react-query";
import { type LoaderFunctionArgs, matchRoutes, type RouteObject } from "react-router";

import type { RouteHandle } from "@/shared/routes";
import { meQuery } from "@/shared/session";

import { queryClient } from "./query-client";

const handleOf = (route: RouteObject) => route.handle as RouteHandle | undefined;

/** Ask who is signed in while the bundle of the page is on its way. Nothing waits for it. */
export function askWhoIsSignedIn(): null {
  queryClient.query(meQuery).catch(noop);
  return null;
}

/** Let a page ask for what it will show as soon as somebody goes there; when they are there, it asks by itself. */
export function asksAhead(route: RouteObject): RouteObject {
  const { permission, prefetch } = handleOf(route) ?? {};
  if (!prefetch) return route;
  const loader = ({ request, params }: LoaderFunctionArgs) => {
    const ask = async () => {
      const me = await queryClient.query({ ...meQuery, staleTime: "static" });
      const can = (wanted: string) => me?.permissions.includes(wanted) ?? false;
      if (permission === undefined || can(permission)) {
        prefetch({ client: queryClient, can, params, address: new URL(request.url).searchParams });
      }
    };
    // Whatever goes wrong goes wrong again for the page, which says so.
    ask().catch(noop);
    return null;
  };
  return { ...route, loader, shouldRevalidate: ({ currentUrl, nextUrl }) => currentUrl.pathname !== nextUrl.pathname };
}

/** Load the bundle of a page when the pointer or the focus comes to a link there, and those of `soon` once nothing else goes on. */
export function loadBundlesAhead(routes: RouteObject[], soon: RouteObject[]): void {
  const approach = ({ target }: Event) => {
    const link = target instanceof Element && target.closest("a[href]");
    if (!(link instanceof HTMLAnchorElement) || link.origin !== location.origin) return;
    const match = matchRoutes(routes, link.pathname)?.at(-1);
    if (match) load(match.route);
  };
  document.addEventListener("pointerover", approach, { passive: true });
  document.addEventListener("focusin", approach);
  const loadSoon = () => soon.forEach(load);
  // Safari has no such callback.
  if ("requestIdleCallback" in window) requestIdleCallback(loadSoon);
  else setTimeout(loadSoon, 1000);
}

function load(route: RouteObject): void {
  // A bundle that does not come is asked for again, and missed, by who goes there.
  handleOf(route)?.load?.().catch(noop);
}
