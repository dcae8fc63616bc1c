import type { RouteObject } from "react-router";

import { page } from "@/shared/routes";
import { paths } from "@/shared/urls";

export const userRoutes: RouteObject[] = [
  page(paths.users, "users:read", () => import("./pages/UsersPage")),
  page(paths.user, "users:read", () => import("./pages/UserPage")),
];
