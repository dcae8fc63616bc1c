import { Menu, UnstyledButton, VisuallyHidden } from "@mantine/core";
import { IconApi, IconLogout, IconUser } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";

import { useSignOut } from "@/features/auth/queries";
import { authStatusQuery, useMe } from "@/shared/session";
import { urls } from "@/shared/urls";

import classes from "./Shell.module.css";

export function AccountMenu() {
  const { user, role } = useMe();
  const signOut = useSignOut();
  const version = useQuery(authStatusQuery).data?.version;
  return (
    <Menu position="top-start" width={200}>
      <Menu.Target>
        <UnstyledButton className={classes.who}>
          <span className={classes.initials} aria-hidden>{user.username.slice(0, 2).toUpperCase()}</span>
          <VisuallyHidden>Account menu of </VisuallyHidden>
          <span className={classes.names}>
            <div className={classes.name}>{user.username}</div>
            <div className={classes.role}>{role}</div>
          </span>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component={Link} to={urls.account} leftSection={<IconUser size={15} />}>Account</Menu.Item>
        <Menu.Item component="a" href={urls.apiReference} target="_blank" leftSection={<IconApi size={15} />}>API reference</Menu.Item>
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={15} />} onClick={() => signOut.mutate()}>Sign out</Menu.Item>
        {version && <Menu.Label>Version {version}</Menu.Label>}
      </Menu.Dropdown>
    </Menu>
  );
}
