import { Button } from "@mantine/core";
import { IconBan, IconKey, IconPlus, IconTrash, IconUserShare } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import type { PermissionTable, Token } from "@/api/types";
import { userChoicesQuery } from "@/features/users/queries";
import { permissionSummary } from "@/shared/access/permissions";
import type { ListDefaults } from "@/shared/lib/list-state";
import { useNow } from "@/shared/lib/use-now";
import { PageHeader } from "@/shared/parts/PageHeader";
import { RelativeTime } from "@/shared/parts/RelativeTime";
import { useCan } from "@/shared/session";
import { type Column, DataTable } from "@/shared/table/DataTable";
import type { Filter } from "@/shared/table/filters";
import { useList } from "@/shared/table/use-list";
import { useSelection } from "@/shared/table/use-selection";
import { urls } from "@/shared/urls";

import { CreateTokenDialog } from "../create/CreateTokenDialog";
import { TokenBadge } from "../parts/TokenBadge";
import { TokenDialogs, type TokenDialogsState, useTokenDialogs } from "../parts/TokenDialogs";
import { TokenMenu } from "../parts/TokenMenu";
import { permissionTableQuery, tokenFilters, tokensQuery } from "../queries";
import { expiresSoon } from "../token-state";
import { useMayReassign } from "../use-may-reassign";

const DEFAULTS: ListDefaults = { sortBy: "createdAt", sortOrder: "desc", filters: tokenFilters };

export default function TokensPage() {
  const can = useCan();
  const [creating, setCreating] = useState(false);
  const create = can("tokens:write") && (
    <Button leftSection={<IconPlus size={16} />} onClick={() => setCreating(true)}>New token</Button>
  );
  return (
    <>
      <PageHeader
        title="API tokens"
        lead="Telegraf agents and programs present a token instead of a password. It acts for a user, with some of that user's permissions."
        actions={create}
      />
      <TokenTable create={create} />
      <CreateTokenDialog opened={creating} onClose={() => setCreating(false)} />
    </>
  );
}

function TokenTable({ create }: { create: React.ReactNode }) {
  const can = useCan();
  const list = useList(DEFAULTS);
  const query = useQuery(tokensQuery(list));
  const presets = useQuery(permissionTableQuery).data?.presets ?? [];
  const selection = useSelection<Token>();
  const dialogs = useTokenDialogs();
  const chosen = [...selection.rows.values()];
  const mayChange = can("tokens:write") || can("tokens:delete");
  return (
    <>
      <DataTable
        label="API tokens"
        list={list}
        query={query}
        columns={columns(presets)}
        rowKey={(token) => token.id}
        rowName={(token) => token.name}
        rowHref={(token) => urls.token(token.id)}
        rowMenu={mayChange ? (token) => <TokenMenu token={token} dialogs={dialogs} /> : undefined}
        search="Search by name or last four characters"
        filters={useTokenFilters()}
        selection={mayChange ? selection : undefined}
        bulk={<BulkActions tokens={chosen} dialogs={dialogs} />}
        empty={{
          title: "No API tokens yet",
          text: "Make one with the preset “Telegraf agent” and start Telegraf with it: the first token a fleet needs.",
          icon: <IconKey size={22} stroke={1.6} />,
          action: create,
        }}
      />
      <TokenDialogs dialogs={dialogs} onDone={selection.clear} />
    </>
  );
}

function columns(presets: PermissionTable["presets"]): Column<Token>[] {
  return [
    { key: "name", header: "Name", sortBy: "name", cell: (token) => token.name },
    { key: "status", header: "Status", sortBy: "status", cell: (token) => <TokenBadge token={token} /> },
    { key: "user", header: "Acts for", sortBy: "username", cell: (token) => token.username },
    { key: "permissions", header: "Permissions", cell: (token) => permissionSummary(token.permissions, presets) },
    { key: "value", header: "Value", cell: (token) => <span className="tc-mono tc-faint">…{token.hint}</span> },
    { key: "expires", header: "Expires", sortBy: "expiresAt", cell: (token) => <Expires token={token} /> },
    { key: "used", header: "Last used", sortBy: "lastUsedAt", cell: (token) => <RelativeTime at={token.lastUsedAt} /> },
    { key: "created", header: "Created", sortBy: "createdAt", cell: (token) => <RelativeTime at={token.createdAt} /> },
  ];
}

function Expires({ token }: { token: Token }) {
  const soon = expiresSoon(token, useNow());
  return <span style={soon ? { color: "var(--tc-warn)", fontWeight: 550 } : undefined}><RelativeTime at={token.expiresAt} /></span>;
}

function useTokenFilters(): Filter[] {
  const can = useCan();
  const mayReassign = useMayReassign();
  const users = useQuery({ ...userChoicesQuery, enabled: mayReassign && can("users:read") });
  const filters: Filter[] = [
    {
      name: "status",
      label: "Status",
      options: ["active", "expired", "revoked"].map((value) => ({ value, label: value.charAt(0).toUpperCase() + value.slice(1) })),
    },
    {
      name: "expiringWithinDays",
      label: "Expires within",
      options: [7, 14, 30, 90].map((days) => ({ value: String(days), label: `${days} days` })),
    },
  ];
  if (users.data) {
    filters.push({ name: "userId", label: "Acts for", options: users.data.map((user) => ({ value: user.id, label: user.username })) });
  }
  return filters;
}

function BulkActions({ tokens, dialogs }: { tokens: Token[]; dialogs: TokenDialogsState }) {
  const can = useCan();
  const mayReassign = useMayReassign();
  return (
    <>
      {can("tokens:write") && (
        <Button size="xs" variant="default" leftSection={<IconBan size={14} />} onClick={() => dialogs.revoke.open(tokens)}>Revoke…</Button>
      )}
      {mayReassign && (
        <Button size="xs" variant="default" leftSection={<IconUserShare size={14} />} onClick={() => dialogs.reassign.open(tokens)}>Reassign…</Button>
      )}
      {can("tokens:delete") && (
        <Button size="xs" variant="default" c="var(--mantine-color-error)" leftSection={<IconTrash size={14} />} onClick={() => dialogs.remove.open(tokens)}>Delete…</Button>
      )}
    </>
  );
}
