import type { RouteObject } from "react-router";

/** What a route tells the frame around it. */
export type RouteHandle = { permission?: string };

/** A page of its own bundle, shown to who has the permission. */
export function page(path: string, permission: string | undefined, load: () => Promise<{ default: React.ComponentType }>): RouteObject {
  return {
    path,
    handle: { permission } satisfies RouteHandle,
    lazy: async () => ({ Component: (await load()).default }),
  };
}
