import { useMantineColorScheme } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { Spotlight, type SpotlightActionData, type SpotlightActionGroupData } from "@mantine/spotlight";
import { IconApi, IconFileSettings, IconFolders, IconLogout, IconMoon, IconPlus, IconSearch, IconServer2, IconSun, IconUser } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate } from "react-router";

import { agentSearchQuery } from "@/features/agents/queries";
import { useSignOut } from "@/features/auth/queries";
import { configSearchQuery } from "@/features/configs/queries";
import { groupSearchQuery } from "@/features/groups/queries";
import { useCan } from "@/shared/session";
import { urls } from "@/shared/urls";

import { navigation } from "../navigation";

/** Ctrl-K: to every page, to configurations, groups and agents by name, and to the few things that can be done from anywhere. */
export function CommandPalette() {
  const can = useCan();
  const navigate = useNavigate();
  const signOut = useSignOut();
  const { setColorScheme } = useMantineColorScheme();
  const [typed, setTyped] = useState("");
  const found = useFound(typed);

  const pages: SpotlightActionData[] = navigation
    .flatMap((group) => group.entries)
    .filter((entry) => can(entry.permission))
    .map((entry) => ({
      id: entry.to,
      label: entry.label,
      keywords: entry.keywords,
      leftSection: <entry.icon size={17} stroke={1.7} />,
      onClick: () => void navigate(entry.to),
    }));
  const others: SpotlightActionData[] = [
    ...(can("configs:write")
      ? [{ id: "new-config", label: "New configuration", keywords: "create write import", leftSection: <IconPlus size={17} stroke={1.7} />, onClick: () => void navigate(urls.newConfig) }]
      : []),
    ...(can("tokens:write")
      ? [{ id: "start", label: "Add an agent", keywords: "first start command telegraf install", leftSection: <IconPlus size={17} stroke={1.7} />, onClick: () => void navigate(urls.start) }]
      : []),
    { id: "account", label: "Account", keywords: "password e-mail", leftSection: <IconUser size={17} stroke={1.7} />, onClick: () => void navigate(urls.account) },
    { id: "api", label: "API reference", leftSection: <IconApi size={17} stroke={1.7} />, onClick: () => void window.open(urls.apiReference) },
    { id: "light", label: "Light colours", keywords: "theme", leftSection: <IconSun size={17} stroke={1.7} />, onClick: () => setColorScheme("light") },
    { id: "dark", label: "Dark colours", keywords: "theme", leftSection: <IconMoon size={17} stroke={1.7} />, onClick: () => setColorScheme("dark") },
    { id: "sign-out", label: "Sign out", leftSection: <IconLogout size={17} stroke={1.7} />, onClick: () => signOut.mutate() },
  ];
  return (
    <Spotlight
      query={typed}
      onQueryChange={setTyped}
      actions={[...found, { group: "Pages", actions: pages }, { group: "Everywhere", actions: others }]}
      shortcut={["mod + K"]}
      tagsToIgnore={[]}
      attributes={{ content: { "aria-label": "Go to" } }}
      nothingFound="Nothing is called that."
      scrollable
      maxHeight={420}
      overlayProps={{ backgroundOpacity: 0.45 }}
      searchProps={{ leftSection: <IconSearch size={16} />, placeholder: "Go to…", "aria-label": "Go to" }}
    />
  );
}

/** Configurations, groups and agents that the server finds by what is typed. */
function useFound(typed: string): SpotlightActionGroupData[] {
  const can = useCan();
  const navigate = useNavigate();
  const [search] = useDebouncedValue(typed.trim(), 200);
  const wanted = search.length >= 2;
  const configs = useQuery({ ...configSearchQuery(search), enabled: wanted && can("configs:read") });
  const groups = useQuery({ ...groupSearchQuery(search), enabled: wanted && can("config-groups:read") });
  const agents = useQuery({ ...agentSearchQuery(search), enabled: wanted && can("agents:read") });
  if (!wanted) return [];
  // What is typed is a keyword of each: the server has decided already that it fits.
  const action = (id: string, label: string, to: string, Icon: typeof IconServer2, description?: string) => ({
    id,
    label,
    description,
    keywords: [typed],
    leftSection: <Icon size={17} stroke={1.7} />,
    onClick: () => void navigate(to),
  });
  return [
    { group: "Configurations", actions: (configs.data ?? []).map((one) => action(one.id, one.name, urls.config(one.id), IconFileSettings)) },
    { group: "Groups", actions: (groups.data ?? []).map((one) => action(one.id, one.name, urls.group(one.id), IconFolders)) },
    {
      group: "Agents",
      actions: (agents.data ?? []).map((one) =>
        action(one.id, one.hostname ?? one.instanceId, urls.agent(one.id), IconServer2, one.hostname ? one.instanceId : undefined),
      ),
    },
  ];
}
