import { Button, Menu, SegmentedControl, VisuallyHidden } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { IconAlarm, IconLayoutGrid, IconList, IconPlus, IconServer2, IconTag, IconTrash } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { Link } from "react-router";

import type { Agent } from "@/api/types";
import { configSource } from "@/features/configs/queries";
import { groupSource } from "@/features/groups/queries";
import { labelSource } from "@/features/labels/queries";
import { ruleSource } from "@/features/reporting/queries";
import { LabelChips } from "@/shared/parts/LabelChips";
import { PageHeader } from "@/shared/parts/PageHeader";
import { RelativeTime } from "@/shared/parts/RelativeTime";
import { useCan, useMe } from "@/shared/session";
import { type Column, DataTable } from "@/shared/table/DataTable";
import type { Filter } from "@/shared/table/filters";
import { RowMenu } from "@/shared/table/RowMenu";
import { useList } from "@/shared/table/use-list";
import { useSelection } from "@/shared/table/use-selection";
import { urls } from "@/shared/urls";

import { agentName } from "../names";
import { AgentBadge } from "../parts/AgentBadge";
import { AgentCard } from "../parts/AgentCard";
import { AgentDialogs, type AgentDialogsState, useAgentDialogs } from "../parts/AgentDialogs";
import { AgentTitle } from "../parts/AgentTitle";
import { ConfigNames } from "../parts/ConfigNames";
import { FleetSummary } from "../parts/FleetSummary";
import { RefreshControl, useAutoRefresh } from "../parts/RefreshControl";
import { agentListDefaults, agentsQuery, versionSource } from "../queries";
import { STATUSES } from "../status";

const COLUMNS: Column<Agent>[] = [
  { key: "name", header: "Agent", sortBy: "name", cell: (agent) => <AgentTitle agent={agent} /> },
  { key: "status", header: "Status", sortBy: "status", cell: (agent) => <AgentBadge status={agent.status} /> },
  { key: "configs", header: "Configurations", cell: (agent) => <ConfigNames configs={agent.configs} /> },
  { key: "labels", header: "Labels", cell: (agent) => <LabelChips labels={agent.labels} most={2} /> },
  { key: "version", header: "Telegraf", sortBy: "version", cell: (agent) => agent.telegrafVersion ?? <span className="tc-faint">unknown</span> },
  { key: "address", header: "Address", cell: (agent) => <span className="tc-mono">{agent.ipAddress}</span> },
  { key: "rule", header: "Rule", cell: (agent) => <span className="tc-faint">{agent.reportingRule.description}</span> },
  { key: "seen", header: "Last seen", sortBy: "lastSeen", cell: (agent) => <RelativeTime at={agent.lastSeen} /> },
];

const idOf = (agent: Agent) => agent.id;

export default function AgentsPage() {
  const list = useList(agentListDefaults);
  const refresh = useAutoRefresh();
  const can = useCan();
  const actions = (
    <>
      <RefreshControl seconds={refresh.seconds} onChange={refresh.setSeconds} />
      {can("tokens:write") && <Button component={Link} to={urls.start} leftSection={<IconPlus size={16} />}>Add an agent</Button>}
    </>
  );
  return (
    <>
      <PageHeader title="Agents" actions={actions} />
      <FleetSummary list={list} refetchEveryMs={refresh.everyMs} />
      <AgentTable list={list} refetchEveryMs={refresh.everyMs} />
    </>
  );
}

function AgentTable({ list, refetchEveryMs }: { list: ReturnType<typeof useList>; refetchEveryMs: number | false }) {
  const can = useCan();
  const query = useQuery({ ...agentsQuery(list), refetchInterval: refetchEveryMs });
  const [view, setView] = useLocalStorage({ key: "tc-agents-view", defaultValue: "table", getInitialValueInEffect: false });
  const selection = useSelection<Agent>();
  const dialogs = useAgentDialogs();
  const [rule, label, remove] = [dialogs.rule.open, dialogs.label.open, dialogs.remove.open];
  const menu = useCallback((agent: Agent) => <AgentMenu agent={agent} open={{ rule, label, remove }} />, [rule, label, remove]);
  const filters = useAgentFilters();
  const mayAdd = can("tokens:write");
  const mayChange = can("agents:write") || can("agents:delete");
  return (
    <>
      <DataTable
        label="agents"
        list={list}
        query={query}
        columns={COLUMNS}
        rowKey={idOf}
        rowName={agentName}
        rowHref={(agent) => urls.agent(agent.id)}
        rowMenu={mayChange ? menu : undefined}
        card={view === "cards" ? (agent) => <AgentCard agent={agent} /> : undefined}
        search="Search by host, id or address"
        filters={filters}
        toolbar={<ViewSwitch value={view} onChange={setView} />}
        selection={mayChange ? selection : undefined}
        bulk={<BulkActions agents={[...selection.rows.values()]} dialogs={dialogs} />}
        empty={{
          title: "No agent has reported yet",
          text: "An agent appears here with its first heartbeat. One page leads there: a configuration, a token and the command to paste.",
          icon: <IconServer2 size={22} stroke={1.6} />,
          action: mayAdd && <Button component={Link} to={urls.start}>Add the first agent</Button>,
        }}
      />
      <AgentDialogs dialogs={dialogs} onDone={selection.clear} />
    </>
  );
}

function useAgentFilters(): Filter[] {
  const { permissions } = useMe();
  return useMemo(() => {
    const can = (permission: string) => permissions.includes(permission);
    const filters: (Filter | false)[] = [
      { name: "status", label: "Status", options: STATUSES.map(({ name, label }) => ({ value: name, label })) },
      can("configs:read") && { name: "config", label: "Configuration", source: configSource },
      can("config-groups:read") && { name: "group", label: "Group", source: groupSource },
      can("reporting-rules:read") && { name: "reportingRule", label: "Rule", source: ruleSource },
      can("labels:read") && { name: "label", label: "Label", multiple: true, source: labelSource },
      { name: "version", label: "Telegraf", source: versionSource },
    ];
    return filters.filter((filter) => filter !== false);
  }, [permissions]);
}

function ViewSwitch({ value, onChange }: { value: string; onChange: (view: string) => void }) {
  const option = (name: string, label: string, Icon: typeof IconList) => ({
    value: name,
    label: <><Icon size={15} style={{ display: "block" }} aria-hidden /><VisuallyHidden>{label}</VisuallyHidden></>,
  });
  return (
    <SegmentedControl
      size="xs"
      aria-label="View"
      value={value}
      onChange={onChange}
      data={[option("table", "Table", IconList), option("cards", "Cards", IconLayoutGrid)]}
    />
  );
}

type AgentMenuProps = { agent: Agent; open: Record<keyof AgentDialogsState, (agents: Agent[]) => void> };

function AgentMenu({ agent, open }: AgentMenuProps) {
  const can = useCan();
  return (
    <RowMenu label={`Actions for ${agentName(agent)}`}>
      {can("agents:write") && <Menu.Item leftSection={<IconAlarm size={15} />} onClick={() => open.rule([agent])}>Reporting rule…</Menu.Item>}
      {can("agents:write") && <Menu.Item leftSection={<IconTag size={15} />} onClick={() => open.label([agent])}>Labels…</Menu.Item>}
      {can("agents:delete") && <Menu.Item color="red" leftSection={<IconTrash size={15} />} onClick={() => open.remove([agent])}>Delete…</Menu.Item>}
    </RowMenu>
  );
}

function BulkActions({ agents, dialogs }: { agents: Agent[]; dialogs: AgentDialogsState }) {
  const can = useCan();
  return (
    <>
      {can("agents:write") && (
        <>
          <Button size="xs" variant="default" leftSection={<IconAlarm size={14} />} onClick={() => dialogs.rule.open(agents)}>Reporting rule…</Button>
          <Button size="xs" variant="default" leftSection={<IconTag size={14} />} onClick={() => dialogs.label.open(agents)}>Labels…</Button>
        </>
      )}
      {can("agents:delete") && (
        <Button size="xs" variant="default" c="var(--mantine-color-error)" leftSection={<IconTrash size={14} />} onClick={() => dialogs.remove.open(agents)}>Delete…</Button>
      )}
    </>
  );
}
