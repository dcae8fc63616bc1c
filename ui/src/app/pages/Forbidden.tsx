import { Button } from "@mantine/core";
import { IconLock } from "@tabler/icons-react";
import { Link } from "react-router";

import { EmptyState } from "@/shared/parts/states";
import { useMe } from "@/shared/session";
import { paths } from "@/shared/urls";

/** Where a link leads that is meant for somebody with other rights. */
export function Forbidden({ permission }: { permission: string }) {
  const { user, role } = useMe();
  return (
    <>
      <title>Not allowed · Telegraf Controller</title>
      <EmptyState
        icon={<IconLock size={22} stroke={1.6} />}
        title="Your role does not allow this page"
        text={
          <>
            You are signed in as <strong>{user.username}</strong> ({role}). This page needs the permission{" "}
            <code>{permission}</code>. An administrator can change your role.
          </>
        }
        action={<Button component={Link} to={paths.home} size="xs" variant="default">To the start</Button>}
      />
    </>
  );
}
