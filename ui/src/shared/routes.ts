import type { QueryClient } from "@tanstack/react-query";
import type { Params, RouteObject } from "react-router";

/** What a route tells the frame around it. */
export type RouteHandle = {
  permission?: string | undefined;
  /** Loads the page's bundle, or does nothing when it is there. */
  load?: () => Promise<unknown>;
  /** Asks for what the page will show, while its bundle is still on its way. */
  prefetch?: Prefetch | undefined;
};

type Going = { client: QueryClient; can: (permission: string) => boolean; params: Params; address: URLSearchParams };

export type Prefetch = (going: Going) => void;

/** A page of its own bundle, shown to who has the permission. */
export function page(
  path: string,
  permission: string | undefined,
  load: () => Promise<{ default: React.ComponentType }>,
  prefetch?: Prefetch,
): RouteObject {
  return {
    path,
    handle: { permission, load, prefetch } satisfies RouteHandle,
    lazy: async () => ({ Component: (await load()).default }),
  };
}
