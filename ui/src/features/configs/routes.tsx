import type { RouteObject } from "react-router";

import { page } from "@/shared/routes";
import { paths } from "@/shared/urls";

export const configRoutes: RouteObject[] = [
  page(paths.configs, "configs:read", () => import("./pages/ConfigsPage")),
  page(paths.newConfig, "configs:write", () => import("./pages/NewConfigPage")),
  page(paths.config, "configs:read", () => import("./pages/ConfigPage")),
];
