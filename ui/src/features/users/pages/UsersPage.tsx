import { Button } from "@mantine/core";
import { IconUserPlus, IconUsers } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import type { User } from "@/api/types";
import type { ListDefaults } from "@/shared/lib/list-state";
import { PageHeader } from "@/shared/parts/PageHeader";
import { RelativeTime } from "@/shared/parts/RelativeTime";
import { LoadError } from "@/shared/parts/states";
import { useCan } from "@/shared/session";
import { type Column, DataTable } from "@/shared/table/DataTable";
import type { Filter } from "@/shared/table/filters";
import { useList } from "@/shared/table/use-list";
import { urls } from "@/shared/urls";

import { InviteDialog } from "../parts/InviteDialog";
import { PendingInvites } from "../parts/PendingInvites";
import { UserBadge } from "../parts/UserBadge";
import { invitesQuery, userFilters, usersQuery } from "../queries";
import { roleLabel } from "../roles";

const DEFAULTS: ListDefaults = { sortBy: "username", sortOrder: "asc", filters: userFilters };

const COLUMNS: Column<User>[] = [
  { key: "username", header: "Username", sortBy: "username", cell: (user) => user.username },
  { key: "email", header: "E-mail", sortBy: "email", cell: (user) => user.email },
  { key: "role", header: "Role", sortBy: "role", cell: (user) => roleLabel(user.role) },
  { key: "status", header: "Status", sortBy: "status", cell: (user) => <UserBadge user={user} /> },
  { key: "seen", header: "Last sign-in", sortBy: "lastSignInAt", cell: (user) => <RelativeTime at={user.lastSignInAt} /> },
  { key: "created", header: "Created", sortBy: "createdAt", cell: (user) => <RelativeTime at={user.createdAt} /> },
];

const FILTERS: Filter[] = [
  {
    name: "role",
    label: "Role",
    options: ["owner", "administrator", "manager", "viewer"].map((role) => ({ value: role, label: roleLabel(role) })),
  },
  { name: "status", label: "Status", options: [{ value: "active", label: "Active" }, { value: "disabled", label: "Disabled" }] },
];

export default function UsersPage() {
  const can = useCan();
  const [inviting, setInviting] = useState(false);
  const list = useList(DEFAULTS);
  const query = useQuery(usersQuery(list));
  const invites = useQuery({ ...invitesQuery, enabled: can("invites:read") });
  return (
    <>
      <PageHeader
        title="Users"
        lead="People who may sign in. Their role says what they may do, and what tokens can do that act for them."
        actions={can("invites:write") && <Button leftSection={<IconUserPlus size={16} />} onClick={() => setInviting(true)}>Invite</Button>}
      />
      {invites.isError && <LoadError what="the invites" error={invites.error} onRetry={() => void invites.refetch()} />}
      {invites.data && <PendingInvites invites={invites.data.items} />}
      {/* The list waits for the invites above it, so that it does not jump. */}
      {!invites.isLoading && (
        <DataTable
          label="users"
          list={list}
          query={query}
          columns={COLUMNS}
          rowKey={(user) => user.id}
          rowName={(user) => user.username}
          rowHref={(user) => urls.user(user.id)}
          search="Search by name or e-mail"
          filters={FILTERS}
          empty={{ title: "No users", text: "Invite somebody.", icon: <IconUsers size={22} stroke={1.6} /> }}
        />
      )}
      <InviteDialog opened={inviting} onClose={() => setInviting(false)} />
    </>
  );
}
