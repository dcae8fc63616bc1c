import { ActionIcon, Button, Group, Menu, Modal, Select, Stack, Text, TextInput } from "@mantine/core";
import { IconArrowsExchange, IconDots, IconTrash } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";

import type { Alias } from "@/api/types";
import { configChoicesQuery } from "@/features/configs/queries";
import { groupChoicesQuery } from "@/features/groups/queries";
import { ConfirmDialog } from "@/shared/dialog/ConfirmDialog";
import { type Dialog, useDialog } from "@/shared/dialog/use-dialog";
import { useEndpoints } from "@/shared/endpoints";
import { FormError } from "@/shared/form/FormError";
import { useApiForm } from "@/shared/form/use-api-form";
import { useImpact } from "@/shared/impact/use-impact";
import { notifyDone } from "@/shared/lib/notify";
import { counted, countText } from "@/shared/lib/numbers";
import { CopyButton } from "@/shared/parts/CopyButton";
import { Section } from "@/shared/parts/Section";
import { Loading, LoadError } from "@/shared/parts/states";
import { WhenAndWho } from "@/shared/parts/WhenAndWho";
import { useCan } from "@/shared/session";
import { SmallTable } from "@/shared/table/SmallTable";

import { type AliasOwner, aliasesQuery, useAliasActions } from "../queries";

const SHAPE = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/;

/** Readable names for a configuration or a group in URLs (L1). */
export function Aliases({ owner }: { owner: AliasOwner }) {
  const can = useCan();
  const mayWrite = can(owner.kind === "config" ? "configs:write" : "config-groups:write");
  const aliases = useQuery(aliasesQuery(owner));
  const { api } = useEndpoints();
  const [transfer, remove] = [useDialog<Alias>(), useDialog<Alias>()];
  if (aliases.isError && !aliases.data) return <LoadError what="the aliases" error={aliases.error} onRetry={() => void aliases.refetch()} />;
  if (!aliases.data) return <Loading />;
  return (
    <Section title="Aliases" lead="Names that agents use in place of the id. An alias can move to another configuration or group; its agents follow by themselves.">
      {mayWrite && <AddAlias owner={owner} />}
      {aliases.data.length === 0 && !mayWrite && <span className="tc-faint">None.</span>}
      {aliases.data.length > 0 && (
        <SmallTable
          label="Aliases"
          rows={aliases.data}
          columns={[
            { key: "alias", header: "Alias", cell: (alias) => <Text span size="sm" fw={560}>{alias.alias}</Text> },
            { key: "address", header: "Address", cell: (alias) => <Address url={`${api}/c/${alias.alias}`} /> },
            { key: "agents", header: "Agents", cell: (alias) => alias.agentCount ? countText(alias.agentCount) : <span className="tc-faint">none</span> },
            { key: "created", header: "Created", cell: (alias) => <WhenAndWho at={alias.createdAt} by={alias.createdBy} /> },
          ]}
          rowKey={(alias) => alias.alias}
          rowName={(alias) => alias.alias}
          rowMenu={mayWrite ? (alias) => (
            <Menu>
              <Menu.Target><ActionIcon aria-label={`Actions for ${alias.alias}`}><IconDots size={17} /></ActionIcon></Menu.Target>
              <Menu.Dropdown>
                <Menu.Item leftSection={<IconArrowsExchange size={15} />} onClick={() => transfer.open(alias)}>Move…</Menu.Item>
                <Menu.Item color="red" leftSection={<IconTrash size={15} />} onClick={() => remove.open(alias)}>Delete…</Menu.Item>
              </Menu.Dropdown>
            </Menu>
          ) : undefined}
        />
      )}
      <TransferDialog dialog={transfer} owner={owner} />
      <DeleteDialog dialog={remove} owner={owner} />
    </Section>
  );
}

function Address({ url }: { url: string }) {
  return <Group gap={4} wrap="nowrap"><span className="tc-mono">{url}</span><CopyButton text={url} label="address" /></Group>;
}

function AddAlias({ owner }: { owner: AliasOwner }) {
  const { add } = useAliasActions(owner);
  const { form, onSubmit, busy, error } = useApiForm({
    initialValues: { alias: "" },
    validate: { alias: (value) => (SHAPE.test(value) ? null : "3 to 63 lowercase letters, digits and hyphens; no hyphen at the ends") },
    fieldOfCode: { alias_conflict: "alias" },
    submit: async ({ alias }) => {
      await add.mutateAsync(alias);
      form.reset();
    },
  });
  return (
    <form onSubmit={onSubmit} noValidate>
      <Group align="flex-start" gap="xs" wrap="nowrap" mb="md">
        <TextInput aria-label="New alias" placeholder="linux-base" flex="0 1 260px" spellCheck={false} {...form.getInputProps("alias")} />
        <Button type="submit" variant="default" flex="none" loading={busy}>Add alias</Button>
      </Group>
      <FormError error={error} />
    </form>
  );
}

function TransferDialog({ dialog, owner }: { dialog: Dialog<Alias>; owner: AliasOwner }) {
  return (
    <Modal.Stack>
      <Modal stackId="transfer" opened={dialog.opened} onClose={dialog.close} title={<Text fw={620}>Move the alias {dialog.subject?.alias}</Text>} size={460}>
        {dialog.subject && <TransferForm alias={dialog.subject} owner={owner} onClose={dialog.close} />}
      </Modal>
    </Modal.Stack>
  );
}

function TransferForm({ alias, owner, onClose }: { alias: Alias; owner: AliasOwner; onClose: () => void }) {
  const { transfer } = useAliasActions(owner);
  const { guarded, dialog } = useImpact("Move");
  const can = useCan();
  const configs = useQuery({ ...configChoicesQuery, enabled: can("configs:read") }).data ?? [];
  const groups = useQuery({ ...groupChoicesQuery, enabled: can("config-groups:read") }).data ?? [];
  const others = (kind: AliasOwner["kind"], all: { id: string; name: string }[]) =>
    all.filter((one) => one.id !== owner.id).map((one) => ({ value: `${kind}:${one.id}`, label: one.name }));
  const choices = [
    { group: "Configurations", items: others("config", configs) },
    { group: "Groups", items: others("group", groups) },
  ];
  const { form, onSubmit, busy, error } = useApiForm({
    initialValues: { target: "" },
    validate: { target: (value) => (value ? null : "Choose what it is to stand for") },
    submit: async ({ target }) => {
      const [kind, id] = target.split(":") as [AliasOwner["kind"], string];
      await guarded((acceptImpact) => transfer.mutateAsync({ alias: alias.alias, to: { kind, id }, acceptImpact }));
      notifyDone(`${alias.alias} now stands for ${[...configs, ...groups].find((one) => one.id === id)?.name ?? "something else"}.`);
      onClose();
    },
  });
  return (
    <form onSubmit={onSubmit} noValidate>
      <Stack>
        <Select label="To" placeholder="A configuration or group" searchable data-autofocus data={choices} {...form.getInputProps("target")} />
        <Text size="sm">{counted(alias.agentCount, "agent")} that {alias.agentCount === 1 ? "comes" : "come"} by this alias get the other text when they next look.</Text>
        <FormError error={error} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>Cancel</Button>
          <Button type="submit" loading={busy}>Move</Button>
        </Group>
      </Stack>
      {dialog}
    </form>
  );
}

function DeleteDialog({ dialog, owner }: { dialog: Dialog<Alias>; owner: AliasOwner }) {
  const { remove } = useAliasActions(owner);
  const impact = useImpact("Delete");
  const alias = dialog.subject;
  const act = () => impact.guarded((acceptImpact) => remove.mutateAsync({ alias: alias!.alias, acceptImpact }));
  return (
    <Modal.Stack>
      <ConfirmDialog opened={dialog.opened} onClose={dialog.close} title={`Delete the alias ${alias?.alias}?`} confirm="Delete" onConfirm={act}>
        <Text size="sm">
          {alias?.agentCount
            ? `${counted(alias.agentCount, "agent")} ${alias.agentCount === 1 ? "fetches its configuration" : "fetch their configuration"} by this alias. They go on with what they have, and cannot start anew without it.`
            : "No agent uses it."}
        </Text>
      </ConfirmDialog>
      {impact.dialog}
    </Modal.Stack>
  );
}
