import { IconLockOpen } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";

import { openGroups } from "@/shared/endpoint-groups";
import { useCan } from "@/shared/session";
import { settingsQuery } from "@/shared/settings";
import { urls } from "@/shared/urls";

import classes from "./OpenEndpointsBanner.module.css";

/** Says on every page, to who may know it, which parts of the API need no credentials (E2). */
export function OpenEndpointsBanner() {
  const can = useCan();
  const settings = useQuery({ ...settingsQuery, enabled: can("settings:read") });
  const open = settings.data?.endpointAuth ? openGroups(settings.data.endpointAuth) : [];
  if (open.length === 0) return null;
  return (
    <div className={classes.banner} role="status">
      <IconLockOpen size={16} aria-hidden />
      <span>
        Anybody who reaches this instance can use without credentials: <strong>{open.join(", ")}</strong>.
      </span>
      <Link to={urls.settings}>Settings</Link>
    </div>
  );
}
