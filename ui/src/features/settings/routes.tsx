import type { RouteObject } from "react-router";

import { page } from "@/shared/routes";
import { paths } from "@/shared/urls";

export const settingsRoutes: RouteObject[] = [page(paths.settings, "settings:read", () => import("./pages/SettingsPage"))];
