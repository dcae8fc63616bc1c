import { Button, Menu, Text } from "@mantine/core";
import { IconPencil, IconPlus, IconTag, IconTrash } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";

import type { Label } from "@/api/types";
import { Affected } from "@/shared/dialog/Affected";
import { ConfirmDialog } from "@/shared/dialog/ConfirmDialog";
import { type Dialog, useDialog } from "@/shared/dialog/use-dialog";
import type { ListDefaults } from "@/shared/lib/list-state";
import { notifyBulk } from "@/shared/lib/notify";
import { counted, countText } from "@/shared/lib/numbers";
import { LabelChip } from "@/shared/parts/LabelChips";
import { Nothing } from "@/shared/parts/Nothing";
import { PageHeader } from "@/shared/parts/PageHeader";
import { WhenAndWho } from "@/shared/parts/WhenAndWho";
import { useCan } from "@/shared/session";
import { type Column, DataTable } from "@/shared/table/DataTable";
import { RowMenu } from "@/shared/table/RowMenu";
import { useList } from "@/shared/table/use-list";
import { useSelection } from "@/shared/table/use-selection";
import { urls } from "@/shared/urls";

import { LabelDialog } from "../parts/LabelDialog";
import { labelsQuery, useLabelActions } from "../queries";

const DEFAULTS: ListDefaults = { sortBy: "name", sortOrder: "asc", filters: [] };

const COLUMNS: Column<Label>[] = [
  { key: "name", header: "Name", sortBy: "name", cell: (label) => <LabelChip label={label} /> },
  { key: "description", header: "Description", cell: (label) => label.description || <Nothing /> },
  { key: "agents", header: "Agents", align: "end", cell: (label) => <Carriers count={label.agentCount} to={urls.agentsWith({ label: label.id })} /> },
  { key: "configs", header: "Configurations", align: "end", cell: (label) => <Carriers count={label.configCount} to={`${urls.configs}?label=${label.id}`} /> },
  { key: "groups", header: "Groups", align: "end", cell: (label) => <Carriers count={label.groupCount} to={`${urls.groups}?label=${label.id}`} /> },
  { key: "updated", header: "Last change", sortBy: "updatedAt", cell: (label) => <WhenAndWho at={label.updatedAt} by={label.updatedBy} /> },
];

/** How many things carry a label, and the way to them. */
function Carriers({ count, to }: { count: number; to: string }) {
  return count ? <Link to={to}>{countText(count)}</Link> : <Nothing />;
}

export default function LabelsPage() {
  const can = useCan();
  const list = useList(DEFAULTS);
  const query = useQuery(labelsQuery(list));
  const selection = useSelection<Label>();
  const edit = useDialog<Label | "new">();
  const remove = useDialog<Label[]>();
  const [mayWrite, mayDelete] = [can("labels:write"), can("labels:delete")];
  const create = mayWrite && <Button leftSection={<IconPlus size={16} />} onClick={() => edit.open("new")}>New label</Button>;
  const menu = (label: Label) => (
    <RowMenu label={`Actions for ${label.name}`}>
      {mayWrite && <Menu.Item leftSection={<IconPencil size={15} />} onClick={() => edit.open(label)}>Edit…</Menu.Item>}
      {mayDelete && <Menu.Item color="red" leftSection={<IconTrash size={15} />} onClick={() => remove.open([label])}>Delete…</Menu.Item>}
    </RowMenu>
  );
  return (
    <>
      <PageHeader title="Labels" lead="Coloured tags on configurations, groups and agents, to find them and to act on many at once." actions={create} />
      <DataTable
        label="labels"
        list={list}
        query={query}
        columns={COLUMNS}
        rowKey={(label) => label.id}
        rowName={(label) => label.name}
        rowMenu={mayWrite || mayDelete ? menu : undefined}
        search="Search labels"
        selection={mayDelete ? selection : undefined}
        bulk={
          <Button size="xs" variant="default" c="var(--mantine-color-error)" leftSection={<IconTrash size={14} />} onClick={() => remove.open([...selection.rows.values()])}>
            Delete…
          </Button>
        }
        empty={{ title: "No labels yet", text: "Make labels such as “production” or “Berlin” and put them on agents and configurations.", icon: <IconTag size={22} stroke={1.6} />, action: create }}
      />
      <LabelDialog dialog={edit} />
      <DeleteDialog dialog={remove} onDone={selection.clear} />
    </>
  );
}

function DeleteDialog({ dialog, onDone }: { dialog: Dialog<Label[]>; onDone: () => void }) {
  const { removeMany } = useLabelActions();
  const labels = dialog.subject ?? [];
  const it = labels.length === 1 ? "it" : "them";
  const carriers = carriersText(labels);
  return (
    <ConfirmDialog
      opened={dialog.opened}
      onClose={dialog.close}
      title={labels.length === 1 ? "Delete this label?" : `Delete ${labels.length} labels?`}
      confirm="Delete"
      onConfirm={async () => {
        notifyBulk(await removeMany.mutateAsync(labels.map((label) => label.id)), "deleted");
        onDone();
      }}
    >
      <Affected names={labels.map((label) => label.name)} />
      <Text size="sm">
        {carriers ? <>{labels.length === 1 ? "It is" : "They are"} taken off <strong>{carriers}</strong>, which otherwise stay as they are.</> : `Nothing carries ${it}.`}{" "}
        This cannot be undone.
      </Text>
    </ConfirmDialog>
  );
}

/** "3 agents, 2 configurations and 1 group"; empty when nothing carries the labels. */
function carriersText(labels: Label[]): string {
  const sum = (key: "agentCount" | "configCount" | "groupCount") => labels.reduce((all, label) => all + label[key], 0);
  const parts = ([["agentCount", "agent"], ["configCount", "configuration"], ["groupCount", "group"]] as const).flatMap(([key, what]) =>
    sum(key) ? [counted(sum(key), what)] : [],
  );
  return new Intl.ListFormat("en-GB").format(parts);
}
