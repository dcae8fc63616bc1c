import type { PermissionTable } from "@/api/types";

export type Preset = PermissionTable["presets"][number];

export const ACTIONS = ["read", "write", "delete"] as const;
export type Action = (typeof ACTIONS)[number];

/** What people call a resource of the API. */
export const RESOURCE_LABELS: Record<string, string> = {
  agents: "Agents",
  configs: "Configurations",
  "config-groups": "Configuration groups",
  constants: "Constants",
  labels: "Labels",
  "reporting-rules": "Reporting rules",
  heartbeat: "Heartbeats",
  tokens: "API tokens",
  users: "Users",
  invites: "Invites",
  "password-resets": "Password resets",
  settings: "Settings",
  "auth-settings": "Endpoint authentication",
  audit: "Audit trail",
  metrics: "Metrics",
};

export function resourceLabel(resource: string): string {
  return RESOURCE_LABELS[resource] ?? resource;
}

/** The preset that means exactly these permissions, if one does. */
export function matchingPreset(permissions: readonly string[], presets: readonly Preset[]): Preset | undefined {
  const wanted = new Set(permissions);
  return presets.find(
    (preset) => preset.permissions.length === wanted.size && wanted.size > 0 && preset.permissions.every((one) => wanted.has(one)),
  );
}

/** In a few words: a preset's name, one permission itself, or how many. */
export function permissionSummary(permissions: readonly string[], presets: readonly Preset[]): string {
  const preset = matchingPreset(permissions, presets);
  if (preset) return preset.name;
  return permissions.length === 1 ? permissions[0]! : `${permissions.length} permissions`;
}

/** Add or take away permissions, in the order of the table. */
export function withPermissions(
  permissions: readonly string[],
  changed: readonly string[],
  chosen: boolean,
  order: readonly string[],
): string[] {
  const after = new Set(permissions);
  for (const permission of changed) {
    if (chosen) after.add(permission);
    else after.delete(permission);
  }
  return order.filter((permission) => after.has(permission));
}
