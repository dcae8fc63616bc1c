import { Button, Tabs } from "@mantine/core";
import { IconTerminal2 } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, Navigate, useNavigate, useParams } from "react-router";

import { isApiError } from "@/api/errors";
import type { Config } from "@/api/types";
import { Aliases } from "@/features/aliases/offered";
import { useDialog } from "@/shared/dialog/use-dialog";
import { countText } from "@/shared/lib/numbers";
import { LabelChips } from "@/shared/parts/LabelChips";
import { PageHeader } from "@/shared/parts/PageHeader";
import { EmptyState, Loading, LoadError } from "@/shared/parts/states";
import { useCan } from "@/shared/session";
import { type ConfigTab, urls } from "@/shared/urls";

import { configQuery } from "../queries";
import { AgentsTab } from "../tabs/AgentsTab";
import { EditorTab } from "../tabs/EditorTab";
import { ManageTab } from "../tabs/ManageTab";
import { VersionsTab } from "../tabs/VersionsTab";
import type { Served } from "../use/served";
import { UseDialog } from "../use/UseDialog";

export default function ConfigPage() {
  const { id = "" } = useParams();
  const query = useQuery(configQuery(id));
  if (isApiError(query.error, "not_found")) {
    return <EmptyState title="There is no such configuration" text="It was deleted, or the address is mistyped." action={<Button component={Link} to={urls.configs} size="xs" variant="default">To the configurations</Button>} />;
  }
  if (query.isError && !query.data) return <LoadError what="the configuration" error={query.error} onRetry={() => void query.refetch()} />;
  return query.data ? <ConfigDetail key={query.data.id} config={query.data} /> : <Loading />;
}

const TABS = ["editor", "versions", "aliases", "agents", "manage"];

function ConfigDetail({ config }: { config: Config }) {
  const can = useCan();
  const navigate = useNavigate();
  const { id = "", tab = "editor" } = useParams();
  const use = useDialog<Served>();
  if (!TABS.includes(tab)) return <Navigate to={urls.config(id)} replace />;
  const go = (chosen: string | null) =>
    void navigate(urls.config(id, chosen === "editor" ? undefined : (chosen as ConfigTab)), { preventScrollReset: true });
  const seesAgents = can("agents:read");
  return (
    <>
      <PageHeader
        title={config.name}
        lead={config.description || undefined}
        badge={config.labels.length > 0 && <LabelChips labels={config.labels} most={6} />}
        back={{ to: urls.configs, label: "Configurations" }}
        actions={<Button leftSection={<IconTerminal2 size={16} />} onClick={() => use.open({ kind: "config", ...config })}>Use this configuration</Button>}
      />
      <Tabs value={tab} onChange={go} keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="editor">Editor</Tabs.Tab>
          <Tabs.Tab value="versions">Versions <Count number={config.currentVersion} /></Tabs.Tab>
          <Tabs.Tab value="aliases">Aliases <Count number={config.aliases.length} /></Tabs.Tab>
          {seesAgents && <Tabs.Tab value="agents">Agents <Count number={config.agentCount} /></Tabs.Tab>}
          <Tabs.Tab value="manage">Manage</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="editor"><EditorTab config={config} /></Tabs.Panel>
        <Tabs.Panel value="versions"><VersionsTab config={config} /></Tabs.Panel>
        <Tabs.Panel value="aliases"><Aliases owner={{ kind: "config", id: config.id }} /></Tabs.Panel>
        {seesAgents && <Tabs.Panel value="agents"><AgentsTab config={config} /></Tabs.Panel>}
        <Tabs.Panel value="manage"><ManageTab config={config} /></Tabs.Panel>
      </Tabs>
      <UseDialog dialog={use} />
    </>
  );
}

function Count({ number }: { number: number }) {
  return number > 0 ? <span className="tc-faint" style={{ fontSize: 12 }}>{countText(number)}</span> : null;
}
