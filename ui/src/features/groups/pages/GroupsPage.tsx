import { ActionIcon, Button, Menu } from "@mantine/core";
import { IconDots, IconFolders, IconPlus, IconTag, IconTrash } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";

import type { GroupSummary } from "@/api/types";
import { LabelsDialog } from "@/features/labels/offered";
import { labelChoicesQuery } from "@/features/labels/queries";
import { useDialog } from "@/shared/dialog/use-dialog";
import type { ListDefaults } from "@/shared/lib/list-state";
import { notifyBulk } from "@/shared/lib/notify";
import { counted } from "@/shared/lib/numbers";
import { LabelChips } from "@/shared/parts/LabelChips";
import { Nothing } from "@/shared/parts/Nothing";
import { PageHeader } from "@/shared/parts/PageHeader";
import { WhenAndWho } from "@/shared/parts/WhenAndWho";
import { useCan } from "@/shared/session";
import { type Column, DataTable } from "@/shared/table/DataTable";
import { useList } from "@/shared/table/use-list";
import { useSelection } from "@/shared/table/use-selection";
import { urls } from "@/shared/urls";

import { AgentCount } from "../parts/AgentCount";
import { DeleteGroupDialog } from "../parts/DeleteGroupDialog";
import { NewGroupDialog } from "../parts/NewGroupDialog";
import { groupFilters, groupsQuery, useGroupActions } from "../queries";

const DEFAULTS: ListDefaults = { sortBy: "name", sortOrder: "asc", filters: groupFilters };

const COLUMNS: Column<GroupSummary>[] = [
  { key: "name", header: "Name", sortBy: "name", cell: (group) => group.name },
  { key: "members", header: "Configurations", cell: (group) => <Members group={group} /> },
  { key: "labels", header: "Labels", cell: (group) => <LabelChips labels={group.labels} /> },
  { key: "aliases", header: "Aliases", cell: (group) => group.aliases.length ? <span className="tc-mono">{group.aliases.join(", ")}</span> : <Nothing /> },
  { key: "agents", header: "Agents", cell: (group) => <AgentCount group={group} /> },
  { key: "updated", header: "Last change", sortBy: "updatedAt", cell: (group) => <WhenAndWho at={group.updatedAt} by={group.updatedBy} /> },
];

export default function GroupsPage() {
  const can = useCan();
  const list = useList(DEFAULTS);
  const query = useQuery(groupsQuery(list));
  const labels = useQuery({ ...labelChoicesQuery, enabled: can("labels:read") }).data ?? [];
  const selection = useSelection<GroupSummary>();
  const [create, remove, label] = [useDialog<true>(), useDialog<GroupSummary>(), useDialog<GroupSummary[]>()];
  const actions = useGroupActions();
  const [mayWrite, mayDelete] = [can("config-groups:write"), can("config-groups:delete")];
  const button = mayWrite && <Button leftSection={<IconPlus size={16} />} onClick={() => create.open(true)}>New group</Button>;
  const menu = (group: GroupSummary) => (
    <Menu>
      <Menu.Target><ActionIcon aria-label={`Actions for ${group.name}`}><IconDots size={17} /></ActionIcon></Menu.Target>
      <Menu.Dropdown>
        {mayWrite && <Menu.Item leftSection={<IconTag size={15} />} onClick={() => label.open([group])}>Labels…</Menu.Item>}
        {mayDelete && <Menu.Item color="red" leftSection={<IconTrash size={15} />} onClick={() => remove.open(group)}>Delete…</Menu.Item>}
      </Menu.Dropdown>
    </Menu>
  );
  return (
    <>
      <PageHeader title="Groups" lead="Several configurations in order, which agents fetch as one. What machines have in common stays in one place." actions={button} />
      <DataTable
        label="groups"
        list={list}
        query={query}
        columns={COLUMNS}
        rowKey={(group) => group.id}
        rowName={(group) => group.name}
        rowHref={(group) => urls.group(group.id)}
        rowMenu={mayWrite || mayDelete ? menu : undefined}
        search="Search groups"
        filters={[{ name: "label", label: "Label", multiple: true, options: labels.map(({ id, name }) => ({ value: id, label: name })) }]}
        selection={mayWrite ? selection : undefined}
        bulk={<Button size="xs" variant="default" leftSection={<IconTag size={14} />} onClick={() => label.open([...selection.rows.values()])}>Labels…</Button>}
        empty={{
          title: "No groups yet",
          text: "Put a base configuration and one for a role together, and give the agents the address of the group.",
          icon: <IconFolders size={22} stroke={1.6} />,
          action: button,
        }}
      />
      <NewGroupDialog dialog={create} />
      <DeleteGroupDialog dialog={remove} />
      <LabelsDialog
        opened={label.opened}
        onClose={label.close}
        title={label.subject?.length === 1 ? `Labels of ${label.subject[0]!.name}` : `Labels of ${counted(label.subject?.length ?? 0, "group")}`}
        carriers={label.subject ?? []}
        onChange={async (change) => {
          notifyBulk(await actions.label.mutateAsync({ ids: (label.subject ?? []).map((group) => group.id), ...change }), "labelled");
          selection.clear();
        }}
      />
    </>
  );
}

const SHOWN = 3;

function Members({ group }: { group: GroupSummary }) {
  if (group.configs.length === 0) return <span className="tc-faint">none</span>;
  const more = group.configs.length - SHOWN;
  return (
    <span title={group.configs.map((config) => config.name).join("\n")}>
      {group.configs.slice(0, SHOWN).map((config, index) => (
        <span key={config.id}>{index > 0 && ", "}<Link className="tc-plain" to={urls.config(config.id)}>{config.name}</Link></span>
      ))}
      {more > 0 && <span className="tc-faint"> +{more}</span>}
    </span>
  );
}
