import { createBrowserRouter, Navigate, type RouteObject } from "react-router";

import { accountRoutes } from "@/features/account/routes";
import { agentRoutes } from "@/features/agents/routes";
import { authRoutes } from "@/features/auth/routes";
import { configRoutes } from "@/features/configs/routes";
import { constantRoutes } from "@/features/constants/routes";
import { groupRoutes } from "@/features/groups/routes";
import { labelRoutes } from "@/features/labels/routes";
import { reportingRoutes } from "@/features/reporting/routes";
import { settingsRoutes } from "@/features/settings/routes";
import { startRoutes } from "@/features/start/routes";
import { tokenRoutes } from "@/features/tokens/routes";
import { userRoutes } from "@/features/users/routes";
import { Loading } from "@/shared/parts/states";
import { useCan } from "@/shared/session";

import { askWhoIsSignedIn, asksAhead, loadBundlesAhead } from "./ahead";
import { firstRoom } from "./navigation";
import { NotFound } from "./pages/NotFound";
import { RouteFailure } from "./pages/RouteFailure";
import { RequireSession } from "./RequireSession";
import { Shell } from "./shell/Shell";

function Start() {
  return <Navigate to={firstRoom(useCan())} replace />;
}

const rooms: RouteObject[] = [...startRoutes, ...agentRoutes, ...configRoutes, ...groupRoutes, ...constantRoutes, ...labelRoutes, ...reportingRoutes, ...tokenRoutes, ...userRoutes, ...settingsRoutes, ...accountRoutes].map(asksAhead);

export const router = createBrowserRouter([
  {
    errorElement: <RouteFailure />,
    HydrateFallback: Loading,
    children: [
      ...authRoutes,
      {
        element: <RequireSession />,
        loader: askWhoIsSignedIn,
        shouldRevalidate: () => false,
        children: [
          {
            element: <Shell />,
            children: [
              {
                errorElement: <RouteFailure />,
                children: [{ index: true, element: <Start /> }, ...rooms, { path: "*", element: <NotFound /> }],
              },
            ],
          },
        ],
      },
    ],
  },
]);

/** To be called once: pages are there sooner than somebody who is about to go there. */
export function lookAhead(): void {
  loadBundlesAhead(rooms, agentRoutes);
}
