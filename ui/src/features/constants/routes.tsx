import type { RouteObject } from "react-router";

import { page } from "@/shared/routes";
import { paths } from "@/shared/urls";

export const constantRoutes: RouteObject[] = [page(paths.constants, "constants:read", () => import("./pages/ConstantsPage"))];
