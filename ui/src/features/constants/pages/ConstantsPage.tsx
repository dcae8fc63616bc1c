import { Button, Menu, Text, UnstyledButton } from "@mantine/core";
import { IconBraces, IconPencil, IconPlus, IconTrash } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";

import type { Constant } from "@/api/types";
import { Affected } from "@/shared/dialog/Affected";
import { ConfirmDialog } from "@/shared/dialog/ConfirmDialog";
import { type Dialog, useDialog } from "@/shared/dialog/use-dialog";
import type { ListDefaults } from "@/shared/lib/list-state";
import { notifyDone } from "@/shared/lib/notify";
import { counted } from "@/shared/lib/numbers";
import { PageHeader } from "@/shared/parts/PageHeader";
import { WhenAndWho } from "@/shared/parts/WhenAndWho";
import { Loading } from "@/shared/parts/states";
import { useCan } from "@/shared/session";
import { type Column, DataTable } from "@/shared/table/DataTable";
import { RowMenu } from "@/shared/table/RowMenu";
import { useList } from "@/shared/table/use-list";

import { ConstantDialog } from "../parts/ConstantDialog";
import { constantQuery, constantsQuery, useConstantActions } from "../queries";
import classes from "./ConstantsPage.module.css";

const DEFAULTS: ListDefaults = { sortBy: "name", sortOrder: "asc", filters: [] };

export default function ConstantsPage() {
  const can = useCan();
  const list = useList(DEFAULTS);
  const query = useQuery(constantsQuery(list));
  const edit = useDialog<Constant | "new">();
  const remove = useDialog<Constant>();
  const [mayWrite, mayDelete] = [can("constants:write"), can("constants:delete")];
  const create = mayWrite && <Button leftSection={<IconPlus size={16} />} onClick={() => edit.open("new")}>New constant</Button>;
  const columns: Column<Constant>[] = [
    {
      key: "name",
      header: "Name",
      sortBy: "name",
      cell: (constant) =>
        mayWrite ? <UnstyledButton className={classes.name} onClick={() => edit.open(constant)}>{constant.name}</UnstyledButton> : <span className={classes.name}>{constant.name}</span>,
    },
    { key: "value", header: "Value", cell: (constant) => <span className={classes.value} title={constant.value}>{constant.value || "(empty)"}</span> },
    { key: "usage", header: "Used by", cell: (constant) => constant.usageCount ? counted(constant.usageCount, "configuration") : <span className="tc-faint">nothing</span> },
    { key: "updated", header: "Last change", sortBy: "updatedAt", cell: (constant) => <WhenAndWho at={constant.updatedAt} by={constant.updatedBy} /> },
  ];
  const menu = (constant: Constant) => (
    <RowMenu label={`Actions for ${constant.name}`}>
      {mayWrite && <Menu.Item leftSection={<IconPencil size={15} />} onClick={() => edit.open(constant)}>Change value…</Menu.Item>}
      {mayDelete && <Menu.Item color="red" leftSection={<IconTrash size={15} />} onClick={() => remove.open(constant)}>Delete…</Menu.Item>}
    </RowMenu>
  );
  return (
    <>
      <PageHeader
        title="Constants"
        lead={<>Values that many configurations share. <code>{"::{NAME}"}</code> in a configuration becomes the value when it is served.</>}
        actions={create}
      />
      <DataTable
        label="constants"
        list={list}
        query={query}
        columns={columns}
        rowKey={(constant) => constant.name}
        rowName={(constant) => constant.name}
        rowMenu={mayWrite || mayDelete ? menu : undefined}
        search="Search constants"
        empty={{ title: "No constants yet", text: "Make one for what stands in many configurations: the URL of a database, the name of a bucket.", icon: <IconBraces size={22} stroke={1.6} />, action: create }}
      />
      <ConstantDialog dialog={edit} />
      <DeleteDialog dialog={remove} />
    </>
  );
}

function DeleteDialog({ dialog }: { dialog: Dialog<Constant> }) {
  const { remove } = useConstantActions();
  const constant = dialog.subject;
  const usage = useQuery({ ...constantQuery(constant?.name ?? ""), enabled: dialog.opened && constant !== null }).data?.usedBy;
  return (
    <ConfirmDialog
      opened={dialog.opened}
      onClose={dialog.close}
      title={`Delete ${constant?.name}?`}
      confirm={usage?.length === 0 ? "Delete" : null}
      onConfirm={async () => {
        await remove.mutateAsync(constant!.name);
        notifyDone(`${constant!.name} is deleted.`);
      }}
    >
      {usage === undefined ? (
        <Loading />
      ) : usage.length > 0 ? (
        <>
          <Text size="sm">{counted(usage.length, "configuration")} could not be served without it, so it cannot be deleted while they use it:</Text>
          <Affected names={usage.map((one) => one.name)} />
        </>
      ) : (
        <Text size="sm">No configuration uses it.</Text>
      )}
    </ConfirmDialog>
  );
}
