import { Button, Menu, Text } from "@mantine/core";
import { IconAlarm, IconPencil, IconPlus, IconStar, IconTrash } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";

import type { ReportingRule } from "@/api/types";
import { ConfirmDialog } from "@/shared/dialog/ConfirmDialog";
import { type Dialog, useDialog } from "@/shared/dialog/use-dialog";
import type { ListDefaults } from "@/shared/lib/list-state";
import { notifyDone } from "@/shared/lib/notify";
import { counted, countText } from "@/shared/lib/numbers";
import { durationText } from "@/shared/lib/time";
import { PageHeader } from "@/shared/parts/PageHeader";
import { RelativeTime } from "@/shared/parts/RelativeTime";
import { StatusBadge } from "@/shared/parts/StatusBadge";
import { useCan } from "@/shared/session";
import { type Column, DataTable } from "@/shared/table/DataTable";
import { RowMenu } from "@/shared/table/RowMenu";
import { useList } from "@/shared/table/use-list";
import { urls } from "@/shared/urls";

import { RuleDialog } from "../parts/RuleDialog";
import { rulesQuery, useRuleActions } from "../queries";

const DEFAULTS: ListDefaults = { sortBy: "description", sortOrder: "asc", filters: [] };

const COLUMNS: Column<ReportingRule>[] = [
  { key: "description", header: "Rule", sortBy: "description", cell: (rule) => <RuleName rule={rule} /> },
  { key: "after", header: "Not reporting after", sortBy: "notReportingAfter", cell: (rule) => durationText(rule.notReportingAfter) },
  { key: "delete", header: "Deleted after", cell: (rule) => <Deletion rule={rule} /> },
  { key: "agents", header: "Agents", cell: (rule) => <Followers rule={rule} /> },
  { key: "updated", header: "Last change", cell: (rule) => <RelativeTime at={rule.updatedAt} /> },
];

type RuleDialogs = { edit: Dialog<ReportingRule | "new">; promote: Dialog<ReportingRule>; remove: Dialog<ReportingRule> };

export default function RulesPage() {
  const can = useCan();
  const list = useList(DEFAULTS);
  const query = useQuery(rulesQuery(list));
  const dialogs: RuleDialogs = { edit: useDialog(), promote: useDialog(), remove: useDialog() };
  const create = can("reporting-rules:write") && (
    <Button leftSection={<IconPlus size={16} />} onClick={() => dialogs.edit.open("new")}>New rule</Button>
  );
  const mayChange = can("reporting-rules:write") || can("reporting-rules:delete");
  return (
    <>
      <PageHeader title="Reporting rules" lead="How long an agent may be silent before it counts as not reporting, and whether it is deleted in the end. Each agent follows one." actions={create} />
      <DataTable
        label="reporting rules"
        list={list}
        query={query}
        columns={COLUMNS}
        rowKey={(rule) => rule.id}
        rowName={(rule) => rule.description}
        rowMenu={mayChange ? (rule) => <RuleMenu rule={rule} dialogs={dialogs} /> : undefined}
        search="Search rules"
        empty={{ title: "No reporting rules", text: "A default rule exists from the first start.", icon: <IconAlarm size={22} stroke={1.6} />, action: create }}
      />
      <RuleDialog dialog={dialogs.edit} />
      <PromoteDialog dialog={dialogs.promote} />
      <RemoveDialog dialog={dialogs.remove} />
    </>
  );
}

function RuleName({ rule }: { rule: ReportingRule }) {
  return (
    <span style={{ display: "inline-flex", flexWrap: "wrap", alignItems: "center", gap: "4px 10px", fontWeight: 550, overflowWrap: "anywhere" }}>
      {rule.description}
      {rule.isDefault && <StatusBadge tone="info">Default</StatusBadge>}
    </span>
  );
}

function Deletion({ rule }: { rule: ReportingRule }) {
  return rule.autoDelete && rule.autoDeleteAfter !== null ? durationText(rule.autoDeleteAfter) : <span className="tc-faint">never</span>;
}

function Followers({ rule }: { rule: ReportingRule }) {
  const can = useCan();
  if (rule.agents === 0 || !can("agents:read")) return <span className="tc-faint">{countText(rule.agents)}</span>;
  return <Link to={urls.agentsWith({ reportingRule: rule.id })}>{countText(rule.agents)}</Link>;
}

function RuleMenu({ rule, dialogs }: { rule: ReportingRule; dialogs: RuleDialogs }) {
  const can = useCan();
  const mayWrite = can("reporting-rules:write");
  const mayRemove = can("reporting-rules:delete") && !rule.isDefault;
  if (!mayWrite && !mayRemove) return null;
  return (
    <RowMenu label={`Actions for ${rule.description}`}>
      {mayWrite && <Menu.Item leftSection={<IconPencil size={15} />} onClick={() => dialogs.edit.open(rule)}>Edit…</Menu.Item>}
      {mayWrite && !rule.isDefault && <Menu.Item leftSection={<IconStar size={15} />} onClick={() => dialogs.promote.open(rule)}>Make default…</Menu.Item>}
      {mayRemove && <Menu.Item color="red" leftSection={<IconTrash size={15} />} onClick={() => dialogs.remove.open(rule)}>Delete…</Menu.Item>}
    </RowMenu>
  );
}

function PromoteDialog({ dialog }: { dialog: Dialog<ReportingRule> }) {
  const { makeDefault } = useRuleActions();
  const rule = dialog.subject;
  return (
    <ConfirmDialog
      opened={dialog.opened}
      onClose={dialog.close}
      title="Make this rule the default?"
      confirm="Make default"
      harmless
      onConfirm={async () => {
        const made = await makeDefault.mutateAsync(rule!.id);
        notifyDone(`${made.description} is the default.`);
      }}
    >
      <Text size="sm">Agents that report for the first time from now on follow “{rule?.description}”. Those that there are keep their rule.</Text>
    </ConfirmDialog>
  );
}

function RemoveDialog({ dialog }: { dialog: Dialog<ReportingRule> }) {
  const { remove } = useRuleActions();
  const rule = dialog.subject;
  return (
    <ConfirmDialog
      opened={dialog.opened}
      onClose={dialog.close}
      title="Delete this rule?"
      confirm="Delete"
      onConfirm={async () => {
        await remove.mutateAsync(rule!.id);
        notifyDone(`${rule!.description} is deleted.`);
      }}
    >
      <Text size="sm">“{rule?.description}” cannot be brought back.</Text>
      <Text size="sm">
        {rule?.agents ? (
          <><strong>{counted(rule.agents, "agent")}</strong> {rule.agents === 1 ? "follows" : "follow"} it, and {rule.agents === 1 ? "follows" : "follow"} the default rule from then on.</>
        ) : (
          "No agent follows it."
        )}
      </Text>
    </ConfirmDialog>
  );
}
