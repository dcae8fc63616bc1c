import type { RouteObject } from "react-router";

import { page } from "@/shared/routes";
import { paths } from "@/shared/urls";

export const startRoutes: RouteObject[] = [page(paths.start, "tokens:write", () => import("./pages/StartPage"))];
