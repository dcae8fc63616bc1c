import { ActionIcon, Button, Group, Menu, Modal, Select, Stack, Table, Text, TextInput } from "@mantine/core";
import { IconArrowsExchange, IconDots, IconTrash } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";

import type { Alias, Config } from "@/api/types";
import { ConfirmDialog } from "@/shared/dialog/ConfirmDialog";
import { type Dialog, useDialog } from "@/shared/dialog/use-dialog";
import { useEndpoints } from "@/shared/endpoints";
import { FormError } from "@/shared/form/FormError";
import { useApiForm } from "@/shared/form/use-api-form";
import { notifyDone } from "@/shared/lib/notify";
import { counted } from "@/shared/lib/numbers";
import { CopyButton } from "@/shared/parts/CopyButton";
import { RelativeTime } from "@/shared/parts/RelativeTime";
import { Section } from "@/shared/parts/Section";
import { Loading, LoadError } from "@/shared/parts/states";
import { useCan } from "@/shared/session";

import { aliasesQuery, configChoicesQuery, useAliasActions } from "../queries";

const SHAPE = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/;

/** Readable names for a configuration in URLs (L1). */
export function AliasesTab({ config }: { config: Config }) {
  const mayWrite = useCan()("configs:write");
  const aliases = useQuery(aliasesQuery(config.id));
  const { api } = useEndpoints();
  const [transfer, remove] = [useDialog<Alias>(), useDialog<Alias>()];
  if (aliases.isError && !aliases.data) return <LoadError what="the aliases" error={aliases.error} onRetry={() => void aliases.refetch()} />;
  if (!aliases.data) return <Loading />;
  return (
    <Section title="Aliases" lead="Names that agents use in place of the id. An alias can move to another configuration; its agents follow by themselves.">
      {mayWrite && <AddAlias config={config} />}
      {aliases.data.length > 0 && (
        <Table.ScrollContainer minWidth={560} type="native" mt="md">
          <Table aria-label="Aliases" tabularNums>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Alias</Table.Th>
                <Table.Th>Address</Table.Th>
                <Table.Th>Agents</Table.Th>
                <Table.Th>Created</Table.Th>
                <Table.Th w={44} aria-label="Actions" />
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {aliases.data.map((alias) => (
                <Table.Tr key={alias.alias}>
                  <Table.Td fw={560}>{alias.alias}</Table.Td>
                  <Table.Td><Group gap={4} wrap="nowrap"><span className="tc-mono">{`${api}/c/${alias.alias}`}</span><CopyButton text={`${api}/c/${alias.alias}`} label="address" /></Group></Table.Td>
                  <Table.Td>{alias.agentCount}</Table.Td>
                  <Table.Td><RelativeTime at={alias.createdAt} /></Table.Td>
                  <Table.Td>
                    {mayWrite && (
                      <Menu>
                        <Menu.Target><ActionIcon aria-label={`Actions for ${alias.alias}`}><IconDots size={17} /></ActionIcon></Menu.Target>
                        <Menu.Dropdown>
                          <Menu.Item leftSection={<IconArrowsExchange size={15} />} onClick={() => transfer.open(alias)}>Move…</Menu.Item>
                          <Menu.Item color="red" leftSection={<IconTrash size={15} />} onClick={() => remove.open(alias)}>Delete…</Menu.Item>
                        </Menu.Dropdown>
                      </Menu>
                    )}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
      <TransferDialog dialog={transfer} config={config} />
      <DeleteDialog dialog={remove} config={config} />
    </Section>
  );
}

function AddAlias({ config }: { config: Config }) {
  const { add } = useAliasActions(config.id);
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
      <Group align="flex-start" gap="xs">
        <TextInput aria-label="New alias" placeholder="linux-base" w={260} spellCheck={false} {...form.getInputProps("alias")} />
        <Button type="submit" variant="default" loading={busy}>Add alias</Button>
      </Group>
      <FormError error={error} />
    </form>
  );
}

function TransferDialog({ dialog, config }: { dialog: Dialog<Alias>; config: Config }) {
  return (
    <Modal opened={dialog.opened} onClose={dialog.close} title={<Text fw={620}>Move the alias {dialog.subject?.alias}</Text>} size={460}>
      {dialog.subject && <TransferForm alias={dialog.subject} config={config} onClose={dialog.close} />}
    </Modal>
  );
}

function TransferForm({ alias, config, onClose }: { alias: Alias; config: Config; onClose: () => void }) {
  const { transfer } = useAliasActions(config.id);
  const choices = (useQuery(configChoicesQuery).data ?? []).filter((one) => one.id !== config.id);
  const { form, onSubmit, busy, error } = useApiForm({
    initialValues: { configId: "" },
    validate: { configId: (value) => (value ? null : "Choose a configuration") },
    submit: async ({ configId }) => {
      await transfer.mutateAsync({ alias: alias.alias, configId });
      notifyDone(`${alias.alias} now stands for ${choices.find((one) => one.id === configId)?.name ?? "another configuration"}.`);
      onClose();
    },
  });
  return (
    <form onSubmit={onSubmit} noValidate>
      <Stack>
        <Select label="To the configuration" searchable data-autofocus data={choices.map((one) => ({ value: one.id, label: one.name }))} {...form.getInputProps("configId")} />
        <Text size="sm">{counted(alias.agentCount, "agent")} that {alias.agentCount === 1 ? "comes" : "come"} by this alias get the other configuration when they next look.</Text>
        <FormError error={error} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>Cancel</Button>
          <Button type="submit" loading={busy}>Move</Button>
        </Group>
      </Stack>
    </form>
  );
}

function DeleteDialog({ dialog, config }: { dialog: Dialog<Alias>; config: Config }) {
  const { remove } = useAliasActions(config.id);
  const alias = dialog.subject;
  return (
    <ConfirmDialog opened={dialog.opened} onClose={dialog.close} title={`Delete the alias ${alias?.alias}?`} confirm="Delete" onConfirm={() => remove.mutateAsync(alias!.alias)}>
      <Text size="sm">
        {alias?.agentCount
          ? `${counted(alias.agentCount, "agent")} ${alias.agentCount === 1 ? "fetches its configuration" : "fetch their configuration"} by this alias. They go on with what they have, and cannot start anew without it.`
          : "No agent uses it."}
      </Text>
    </ConfirmDialog>
  );
}
