import type { EndpointAuth } from "@/api/types";

export type GroupName = Exclude<keyof EndpointAuth, "locked">;

/** The parts of the API whose authentication can be switched off (E1), and what an open one lets anybody do. */
export const ENDPOINT_GROUPS: { name: GroupName; label: string; open: string }[] = [
  { name: "agents", label: "Agents", open: "list, label and delete agents" },
  { name: "configs", label: "Configurations", open: "read, change and delete configurations, groups and constants" },
  { name: "labels", label: "Labels", open: "read, change and delete labels" },
  { name: "reportingRules", label: "Reporting rules", open: "read, change and delete reporting rules" },
  { name: "heartbeat", label: "Heartbeats", open: "send heartbeats as any agent, and read them" },
];

/** The labels of the groups that need no credentials. */
export function openGroups(auth: EndpointAuth): string[] {
  return ENDPOINT_GROUPS.filter((group) => !auth[group.name]).map((group) => group.label);
}
