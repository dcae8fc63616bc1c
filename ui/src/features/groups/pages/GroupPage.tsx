import { Button, Tabs } from "@mantine/core";
import { IconTerminal2 } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, Navigate, useNavigate, useParams } from "react-router";

import { isApiError } from "@/api/errors";
import type { Group } from "@/api/types";
import { Aliases } from "@/features/aliases/offered";
import { type Served, UseDialog } from "@/features/configs/offered";
import { useDialog } from "@/shared/dialog/use-dialog";
import { useEndpoints } from "@/shared/endpoints";
import { CopyButton } from "@/shared/parts/CopyButton";
import { LabelChips } from "@/shared/parts/LabelChips";
import { PageHeader } from "@/shared/parts/PageHeader";
import { EmptyState, Loading, LoadError } from "@/shared/parts/states";
import { type GroupTab, urls } from "@/shared/urls";

import { ManageTab } from "../parts/ManageTab";
import { MembersTab } from "../parts/MembersTab";
import { PreviewTab } from "../parts/PreviewTab";
import { groupQuery } from "../queries";

export default function GroupPage() {
  const { id = "" } = useParams();
  const query = useQuery(groupQuery(id));
  if (isApiError(query.error, "not_found")) {
    return <EmptyState title="There is no such group" text="It was deleted, or the address is mistyped." action={<Button component={Link} to={urls.groups} size="xs" variant="default">To the groups</Button>} />;
  }
  if (query.isError && !query.data) return <LoadError what="the group" error={query.error} onRetry={() => void query.refetch()} />;
  return query.data ? <GroupDetail key={query.data.id} group={query.data} /> : <Loading />;
}

const TABS = ["members", "preview", "aliases", "manage"];

function GroupDetail({ group }: { group: Group }) {
  const navigate = useNavigate();
  const { id = "", tab = "members" } = useParams();
  const { api } = useEndpoints();
  const use = useDialog<Served>();
  if (!TABS.includes(tab)) return <Navigate to={urls.group(id)} replace />;
  const go = (chosen: string | null) =>
    void navigate(urls.group(id, chosen === "members" ? undefined : (chosen as GroupTab)), { preventScrollReset: true });
  const alias = group.aliases[0];
  const address = alias ? `${api}/c/${alias}` : `${api}/api/config-groups/${group.id}/toml`;
  return (
    <>
      <PageHeader
        title={group.name}
        badge={group.labels.length > 0 && <LabelChips labels={group.labels} most={6} />}
        lead={
          <>
            {group.description && <div>{group.description}</div>}
            <span style={{ overflowWrap: "anywhere" }}>Address: <span className="tc-mono">{address}</span> <CopyButton text={address} label="address" /></span>
          </>
        }
        back={{ to: urls.groups, label: "Groups" }}
        actions={<Button leftSection={<IconTerminal2 size={16} />} onClick={() => use.open({ kind: "group", ...group })}>Use this group</Button>}
      />
      <Tabs value={tab} onChange={go} keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="members">Members <span className="tc-faint">{group.members.length}</span></Tabs.Tab>
          <Tabs.Tab value="preview">Preview</Tabs.Tab>
          <Tabs.Tab value="aliases">Aliases {group.aliases.length > 0 && <span className="tc-faint">{group.aliases.length}</span>}</Tabs.Tab>
          <Tabs.Tab value="manage">Manage</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="members"><MembersTab group={group} /></Tabs.Panel>
        <Tabs.Panel value="preview"><PreviewTab group={group} /></Tabs.Panel>
        <Tabs.Panel value="aliases"><Aliases owner={{ kind: "group", id: group.id }} /></Tabs.Panel>
        <Tabs.Panel value="manage"><ManageTab group={group} /></Tabs.Panel>
      </Tabs>
      <UseDialog dialog={use} />
    </>
  );
}
