import type { RouteObject } from "react-router";

import { page } from "@/shared/routes";
import { paths } from "@/shared/urls";

export const accountRoutes: RouteObject[] = [page(paths.account, undefined, () => import("./pages/AccountPage"))];
