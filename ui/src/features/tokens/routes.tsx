import type { RouteObject } from "react-router";

import { page } from "@/shared/routes";
import { paths } from "@/shared/urls";

export const tokenRoutes: RouteObject[] = [
  page(paths.tokens, "tokens:read", () => import("./pages/TokensPage")),
  page(paths.token, "tokens:read", () => import("./pages/TokenPage")),
];
