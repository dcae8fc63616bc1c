import { useMantineColorScheme } from "@mantine/core";
import { Spotlight, type SpotlightActionData } from "@mantine/spotlight";
import { IconApi, IconLogout, IconMoon, IconSearch, IconSun, IconUser } from "@tabler/icons-react";
import { useNavigate } from "react-router";

import { useSignOut } from "@/features/auth/queries";
import { useCan } from "@/shared/session";
import { urls } from "@/shared/urls";

import { navigation } from "../navigation";

/** Ctrl-K: to every page and to the few things that can be done from anywhere. */
export function CommandPalette() {
  const can = useCan();
  const navigate = useNavigate();
  const signOut = useSignOut();
  const { setColorScheme } = useMantineColorScheme();

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
    { id: "account", label: "Account", keywords: "password e-mail", leftSection: <IconUser size={17} stroke={1.7} />, onClick: () => void navigate(urls.account) },
    { id: "api", label: "API reference", leftSection: <IconApi size={17} stroke={1.7} />, onClick: () => void window.open(urls.apiReference) },
    { id: "light", label: "Light colours", keywords: "theme", leftSection: <IconSun size={17} stroke={1.7} />, onClick: () => setColorScheme("light") },
    { id: "dark", label: "Dark colours", keywords: "theme", leftSection: <IconMoon size={17} stroke={1.7} />, onClick: () => setColorScheme("dark") },
    { id: "sign-out", label: "Sign out", leftSection: <IconLogout size={17} stroke={1.7} />, onClick: () => signOut.mutate() },
  ];
  return (
    <Spotlight
      actions={[{ group: "Pages", actions: pages }, { group: "Everywhere", actions: others }]}
      shortcut={["mod + K"]}
      tagsToIgnore={[]}
      attributes={{ content: { "aria-label": "Go to" } }}
      nothingFound="Nothing is called that."
      scrollable
      maxHeight={420}
      overlayProps={{ backgroundOpacity: 0.45, blur: 1 }}
      searchProps={{ leftSection: <IconSearch size={16} />, placeholder: "Go to…", "aria-label": "Go to" }}
    />
  );
}
