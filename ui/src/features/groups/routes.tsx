import type { RouteObject } from "react-router";

import { page } from "@/shared/routes";
import { paths } from "@/shared/urls";

export const groupRoutes: RouteObject[] = [
  page(paths.groups, "config-groups:read", () => import("./pages/GroupsPage")),
  page(paths.group, "config-groups:read", () => import("./pages/GroupPage")),
];
