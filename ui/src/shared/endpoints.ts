import { useQuery } from "@tanstack/react-query";

import { useCan } from "./session";
import { settingsQuery } from "./settings";

const DEFAULT_HEARTBEAT_PORT = 8000;

/** Under which addresses agents and programs reach this instance, without a slash at the end. */
export function useEndpoints(): { api: string; heartbeat: string } {
  const can = useCan();
  const set = useQuery({ ...settingsQuery, enabled: can("settings:read") }).data?.publicEndpoints;
  return {
    api: set?.apiUrl ?? location.origin,
    heartbeat: set?.heartbeatUrl ?? `${location.protocol}//${location.hostname}:${DEFAULT_HEARTBEAT_PORT}`,
  };
}
