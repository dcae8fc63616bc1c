import { AppShell, Burger, Kbd, UnstyledButton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { spotlight } from "@mantine/spotlight";
import { IconSearch } from "@tabler/icons-react";
import { usePrefetchQuery } from "@tanstack/react-query";
import { Suspense, useEffect } from "react";
import { Link, NavLink, Outlet, ScrollRestoration, useLocation, useMatches } from "react-router";

import { endpointsQuery } from "@/shared/endpoints";
import { BrandMark } from "@/shared/parts/BrandMark";
import { Loading } from "@/shared/parts/states";
import type { RouteHandle } from "@/shared/routes";
import { useCan } from "@/shared/session";
import { paths } from "@/shared/urls";

import { navigation } from "../navigation";
import { Forbidden } from "../pages/Forbidden";
import { AccountMenu } from "./AccountMenu";
import { ColorSchemeToggle } from "./ColorSchemeToggle";
import { CommandPalette } from "./CommandPalette";
import { OpenEndpointsBanner } from "./OpenEndpointsBanner";
import classes from "./Shell.module.css";

/** The frame around every page for people who are signed in. */
export function Shell() {
  const [opened, menu] = useDisclosure(false);
  const { pathname } = useLocation();
  usePrefetchQuery(endpointsQuery);
  const { close } = menu;
  // Where a link leads, the menu that had it is out of the way. (`menu` itself is another object each time.)
  useEffect(close, [pathname, close]);
  return (
    <AppShell layout="alt" header={{ height: { base: 48, sm: 0 } }} navbar={{ width: 228, breakpoint: "sm", collapsed: { mobile: !opened } }}>
      <a className={classes.skip} href="#main">Skip to the content</a>
      <AppShell.Header className={classes.header} withBorder={false} hiddenFrom="sm">
        <Burger size="sm" opened={opened} onClick={menu.toggle} aria-label="Navigation" />
        <Brand />
        <ColorSchemeToggle />
      </AppShell.Header>
      <AppShell.Navbar component="div" className={classes.navbar} withBorder={false}>
        <SideBar onClose={menu.close} />
      </AppShell.Navbar>
      <AppShell.Main id="main" tabIndex={-1}>
        <OpenEndpointsBanner />
        <div className={classes.page}>
          <Suspense fallback={<Loading />}>
            <AllowedPage />
          </Suspense>
        </div>
      </AppShell.Main>
      <CommandPalette />
      <ScrollRestoration />
    </AppShell>
  );
}

/** A route says which permission it needs; here alone it is checked before the page is shown. */
function AllowedPage() {
  const can = useCan();
  const missing = useMatches()
    .map((match) => (match.handle as RouteHandle | undefined)?.permission)
    .find((permission) => permission !== undefined && !can(permission));
  return missing ? <Forbidden permission={missing} /> : <Outlet />;
}

function Brand() {
  return (
    <Link className={classes.brand} to={paths.home}>
      <BrandMark />
      Telegraf Controller
    </Link>
  );
}

function SideBar({ onClose }: { onClose: () => void }) {
  return (
    <>
      <BrandRow onClose={onClose} />
      <UnstyledButton className={classes.find} onClick={spotlight.open}>
        <IconSearch size={14} aria-hidden />
        <span>Go to…</span>
        <Kbd size="xs" aria-hidden>Ctrl K</Kbd>
      </UnstyledButton>
      <nav className={classes.rooms} aria-label="Rooms">
        <Rooms />
      </nav>
      <div className={classes.account}>
        <AccountMenu />
        <ColorSchemeToggle />
      </div>
    </>
  );
}

function BrandRow({ onClose }: { onClose: () => void }) {
  return (
    <div style={{ display: "flex", justifyContent: "space-between" }}>
      <Brand />
      <Burger size="sm" opened hiddenFrom="sm" onClick={onClose} aria-label="Close the navigation" />
    </div>
  );
}

function Rooms() {
  const can = useCan();
  return navigation.map((group) => {
    const entries = group.entries.filter((entry) => can(entry.permission));
    if (entries.length === 0) return null;
    return (
      <div key={group.label}>
        {group.label && <div className={classes.group}>{group.label}</div>}
        {entries.map((entry) => (
          <NavLink key={entry.to} className={classes.link} to={entry.to}>
            <entry.icon size={17} stroke={1.7} aria-hidden />
            {entry.label}
          </NavLink>
        ))}
      </div>
    );
  });
}
