import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";

import { counted, countText } from "@/shared/lib/numbers";

import { type ConfigChange, impactQuery } from "../queries";

type ReachProps = { configId: string; change: ConfigChange; verb: string };

/** How many agents a change reaches: those reporting now that fetch the configuration, by itself or in a group. Nothing until it is known. */
export function Reach({ configId, change, verb }: ReachProps) {
  const { data, isError } = useQuery(impactQuery(configId, change));
  if (!data || isError) return null;
  const { wouldReload, wouldFail } = data;
  const reached = wouldReload > 0 ? `${counted(wouldReload, "agent")} when ${wouldReload === 1 ? "it next looks" : "they next look"}` : "no agent that reports now";
  return `${verb} reaches ${reached}${wouldFail > 0 ? `; ${countText(wouldFail)} would get an error` : ""}.`;
}

/** The same of a text while somebody types. */
export function ReachOfText({ configId, text }: { configId: string; text: string }) {
  const [toml] = useDebouncedValue(text, 600);
  return <Reach configId={configId} change={{ toml }} verb="Saving" />;
}
