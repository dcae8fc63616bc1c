import type { RouteObject } from "react-router";

import { page } from "@/shared/routes";
import { paths } from "@/shared/urls";

export const authRoutes: RouteObject[] = [
  page(paths.signIn, undefined, () => import("./pages/SignIn")),
  page(paths.setUp, undefined, () => import("./pages/SetUp")),
  page(paths.invite, undefined, () => import("./pages/AcceptInvite")),
  page(paths.passwordReset, undefined, () => import("./pages/ResetPassword")),
];
