import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import type { Agent } from "@/api/types";

import { type Beginning, beginningOf, firstOf } from "./arrival";
import { lastHeardQuery } from "./queries";

const EVERY_MS = 2_000;

/**
 * Looks for an agent that was not there when the page was opened. In an empty fleet any agent is the one; in another,
 * one that runs the configuration.
 */
export function useArrival(configId: string | null) {
  const fleet = useQuery({ ...lastHeardQuery(null), staleTime: Infinity });
  const [wasEmpty, setWasEmpty] = useState<boolean | null>(null);
  if (wasEmpty === null && fleet.data) setWasEmpty(fleet.data.total === 0);

  const [beginning, setBeginning] = useState<(Beginning & { of: string }) | null>(null);
  const [arrived, setArrived] = useState<Agent | null>(null);
  const watched = useQuery({
    ...lastHeardQuery(wasEmpty ? null : configId),
    enabled: wasEmpty !== null && configId !== null,
    refetchInterval: EVERY_MS,
    refetchOnWindowFocus: "always",
  });
  const beginAnew = (of: string) => {
    setBeginning({ of, ...beginningOf(watched.data?.items ?? [], watched.data?.total ?? 0) });
    setArrived(null);
  };
  if (configId !== null && watched.data && beginning?.of !== configId) {
    if (wasEmpty) setBeginning({ of: configId, after: "", total: 0 });
    else beginAnew(configId);
  }
  const first = beginning && watched.data && firstOf(watched.data.items, beginning);
  if (first && arrived === null) setArrived(first);
  return {
    arrived,
    /** How many agents reported with it before. */
    already: beginning?.total ?? 0,
    lost: watched.isError,
    /** Wait for another one. */
    again: () => configId !== null && beginAnew(configId),
  };
}
