import { Button, Group, Select, Stack, TagsInput, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import type { PermissionTable, TokenCreated } from "@/api/types";
import { userChoicesQuery } from "@/features/users/queries";
import { Disclosure } from "@/shared/form/Disclosure";
import { FormError } from "@/shared/form/FormError";
import { useApiForm } from "@/shared/form/use-api-form";
import { useCan, useMe } from "@/shared/session";

import { capabilitiesQuery, useTokenActions } from "../queries";
import { type Expiry, expiryInstant, expiryProblem } from "./expiry";
import { ExpiryField } from "./ExpiryField";
import { PermissionField } from "./PermissionField";

export type TokenFormStart = { name?: string; preset?: string; configs?: string[] };

type Values = {
  name: string;
  userId: string;
  permissions: string[];
  expiry: Expiry;
  allowedNetworks: string[];
  agentIds: string[];
  configs: string[];
  rawToken: string;
};

type TokenFormProps = {
  table: PermissionTable;
  start: TokenFormStart;
  onCreated: (token: TokenCreated) => void;
  onCancel: () => void;
};

/** What a new token is to be. */
export function TokenForm({ table, start, onCreated, onCancel }: TokenFormProps) {
  const me = useMe();
  const { create } = useTokenActions();
  const { form, onSubmit, busy, error } = useApiForm<Values>({
    initialValues: {
      name: start.name ?? "",
      userId: me.user.id,
      permissions: table.presets.find((preset) => preset.id === (start.preset ?? "telegraf-agent"))?.permissions ?? [],
      expiry: { choice: "365", date: "" },
      allowedNetworks: [],
      agentIds: [],
      configs: start.configs ?? [],
      rawToken: "",
    },
    validate: {
      name: (value) => (value.trim() ? null : "Say what it is for"),
      permissions: (value) => (value.length ? null : "Choose at least one permission"),
      expiry: (value) => expiryProblem(value, new Date()),
    },
    fieldOfCode: { token_name_conflict: "name", token_value_conflict: "rawToken", no_permissions: "permissions" },
    fieldOfRequest: { expiresAt: "expiry" },
    submit: async (values) => onCreated(await create.mutateAsync(requestOf(values, me.user.id))),
  });
  return (
    <form onSubmit={onSubmit} noValidate>
      <Stack gap="lg">
        <FormError error={error} />
        <Group gap="md" align="flex-start" grow preventGrowOverflow={false}>
          <TextInput
            label="Name"
            description="What uses it, so that others know what stops when it is revoked"
            placeholder="edge-fleet"
            data-autofocus
            maxLength={100}
            {...form.getInputProps("name")}
          />
          <OwnerField {...form.getInputProps("userId")} />
        </Group>
        <PermissionField
          table={table}
          value={form.values.permissions}
          onChange={(permissions) => form.setFieldValue("permissions", permissions)}
          error={form.errors.permissions as string | undefined}
        />
        <ExpiryField
          value={form.values.expiry}
          onChange={(expiry) => form.setFieldValue("expiry", expiry)}
          error={form.errors.expiry as string | undefined}
        />
        <Disclosure label="Restrict where it works" open={hasErrors(form.errors, ["allowedNetworks", "agentIds", "configs"])}>
          <Text size="xs" c="dimmed">A token that leaks can then do no harm elsewhere. Empty means no restriction.</Text>
          <TagsInput label="From these networks" placeholder="10.20.0.0/16" splitChars={[",", " "]} {...form.getInputProps("allowedNetworks")} />
          <TagsInput label="For these agents" description="Agent ids; * stands for anything" placeholder="edge-*" {...form.getInputProps("agentIds")} />
          <TagsInput label="For these configurations and groups" description="Ids or aliases" placeholder="linux-base" splitChars={[",", " "]} {...form.getInputProps("configs")} />
        </Disclosure>
        <OwnValueField open={hasErrors(form.errors, ["rawToken"])} {...form.getInputProps("rawToken")} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onCancel}>Cancel</Button>
          <Button type="submit" loading={busy}>Create token</Button>
        </Group>
      </Stack>
    </form>
  );
}

/** Who the token acts for: oneself, unless one may make tokens for others. */
function OwnerField(props: { value?: string; onChange?: (value: string | null) => void; error?: React.ReactNode }) {
  const can = useCan();
  const { user, role } = useMe();
  const mayChoose = can("users:read") && (role === "owner" || role === "administrator");
  const users = useQuery({ ...userChoicesQuery, enabled: mayChoose });
  if (!mayChoose) return null;
  const choices = (users.data ?? [user]).filter((one) => one.status === "active");
  return (
    <Select
      label="Acts for"
      description="It can never do more than this user"
      data={choices.map((one) => ({ value: one.id, label: `${one.username} (${one.role})` }))}
      searchable
      allowDeselect={false}
      maw={260}
      {...props}
    />
  );
}

function OwnValueField({ open, ...props }: { open: boolean } & Record<string, unknown>) {
  const capabilities = useQuery(capabilitiesQuery);
  if (!capabilities.data?.preSharedTokensEnabled) return null;
  return (
    <Disclosure label="Bring its value along" open={open}>
      <TextInput
        label="Value"
        description="To use one credential on several instances: tc-apiv1_ and 64 hexadecimal characters. Normally the controller makes a value."
        placeholder="tc-apiv1_…"
        autoComplete="off"
        spellCheck={false}
        styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
        {...props}
      />
    </Disclosure>
  );
}

function requestOf(values: Values, ownId: string) {
  const given = (list: string[]) => (list.length ? list : null);
  return {
    name: values.name.trim(),
    permissions: values.permissions,
    expiresAt: expiryInstant(values.expiry, new Date()),
    userId: values.userId === ownId ? null : values.userId,
    rawToken: values.rawToken.trim() || null,
    allowedNetworks: given(values.allowedNetworks),
    agentIds: given(values.agentIds),
    configs: given(values.configs),
  };
}

function hasErrors(errors: Record<string, unknown>, fields: string[]): boolean {
  return fields.some((field) => Boolean(errors[field]));
}
