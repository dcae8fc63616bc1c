import { IconAlarm, IconBraces, IconFileSettings, IconFolders, IconKey, IconServer2, IconSettings, IconTags, IconUsers } from "@tabler/icons-react";

import { urls } from "@/shared/urls";

export type NavigationEntry = {
  label: string;
  to: string;
  icon: typeof IconKey;
  /** Who may read it; the entry is not shown to others. */
  permission: string;
  /** What else people may call it when they search. */
  keywords?: string;
};

export type NavigationGroup = { label: string | null; entries: NavigationEntry[] };

/** The rooms in the order of the side bar. */
export const navigation: NavigationGroup[] = [
  {
    label: null,
    entries: [
      { label: "Agents", to: urls.agents, icon: IconServer2, permission: "agents:read", keywords: "fleet hosts heartbeats" },
      { label: "Configurations", to: urls.configs, icon: IconFileSettings, permission: "configs:read", keywords: "toml telegraf plugins" },
      { label: "Groups", to: urls.groups, icon: IconFolders, permission: "config-groups:read", keywords: "configuration merge" },
      { label: "Constants", to: urls.constants, icon: IconBraces, permission: "constants:read", keywords: "values variables" },
      { label: "Labels", to: urls.labels, icon: IconTags, permission: "labels:read", keywords: "tags colours" },
      { label: "Reporting rules", to: urls.reportingRules, icon: IconAlarm, permission: "reporting-rules:read", keywords: "silent thresholds deletion not reporting" },
    ],
  },
  {
    label: "Access",
    entries: [
      { label: "API tokens", to: urls.tokens, icon: IconKey, permission: "tokens:read", keywords: "secrets credentials" },
      { label: "Users", to: urls.users, icon: IconUsers, permission: "users:read", keywords: "invites people roles" },
      { label: "Settings", to: urls.settings, icon: IconSettings, permission: "settings:read", keywords: "authentication" },
    ],
  },
];

/** The first room that somebody may enter: where the interface begins. */
export function firstRoom(may: (permission: string) => boolean): string {
  const entries = navigation.flatMap((group) => group.entries);
  return entries.find((entry) => may(entry.permission))?.to ?? urls.account;
}
