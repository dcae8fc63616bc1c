import type { RouteObject } from "react-router";

import { page } from "@/shared/routes";
import { paths } from "@/shared/urls";

export const labelRoutes: RouteObject[] = [page(paths.labels, "labels:read", () => import("./pages/LabelsPage"))];
