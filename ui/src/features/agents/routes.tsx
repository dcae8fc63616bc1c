import type { RouteObject } from "react-router";

import { page } from "@/shared/routes";
import { paths } from "@/shared/urls";

export const agentRoutes: RouteObject[] = [
  page(paths.agents, "agents:read", () => import("./pages/AgentsPage")),
  page(paths.agent, "agents:read", () => import("./pages/AgentPage")),
];
