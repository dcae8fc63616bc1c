import type { RouteObject } from "react-router";

import { page } from "@/shared/routes";
import { paths } from "@/shared/urls";

export const reportingRoutes: RouteObject[] = [page(paths.reportingRules, "reporting-rules:read", () => import("./pages/RulesPage"))];
