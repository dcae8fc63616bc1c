import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { IconLockOpen } from "@tabler/icons-react";

import type { Dialog } from "@/shared/dialog/use-dialog";
import type { ENDPOINT_GROUPS } from "@/shared/endpoint-groups";
import { FormError } from "@/shared/form/FormError";
import { PasswordField } from "@/shared/form/PasswordField";
import { useApiForm } from "@/shared/form/use-api-form";
import { notifyDone } from "@/shared/lib/notify";
import { Notice } from "@/shared/parts/Notice";

import { useChangeSettings } from "../queries";

export type EndpointAuthChange = { group: (typeof ENDPOINT_GROUPS)[number]; required: boolean };

export function EndpointAuthDialog({ dialog }: { dialog: Dialog<EndpointAuthChange> }) {
  const { subject } = dialog;
  const title = subject && (subject.required ? `Require credentials for ${subject.group.label.toLowerCase()}` : `Open ${subject.group.label.toLowerCase()} to anybody`);
  return (
    <Modal opened={dialog.opened} onClose={dialog.close} title={<Text fw={620}>{title}</Text>} size={460}>
      {subject && <ChangeForm change={subject} onClose={dialog.close} />}
    </Modal>
  );
}

function ChangeForm({ change: { group, required }, onClose }: { change: EndpointAuthChange; onClose: () => void }) {
  const change = useChangeSettings();
  const { form, onSubmit, busy, error } = useApiForm({
    initialValues: { password: "" },
    validate: { password: (value) => (value ? null : "Type your password") },
    fieldOfCode: { wrong_password: "password" },
    submit: async ({ password }) => {
      await change.mutateAsync({ endpointAuth: { [group.name]: required }, password });
      notifyDone(required ? `${group.label}: credentials are needed from now on.` : `${group.label}: open to anybody from now on.`);
      onClose();
    },
  });
  return (
    <form onSubmit={onSubmit} noValidate>
      <Stack>
        {required ? (
          <Text size="sm">Agents and programs that send no token, or a wrong one, are refused from then on. Make sure that all of them have one.</Text>
        ) : (
          <Notice tone="warn" icon={IconLockOpen}>
            Whoever reaches this instance over the network can then {group.open}. Tokens that are sent are not looked at.
          </Notice>
        )}
        <PasswordField label="Your password" autoComplete="current-password" data-autofocus {...form.getInputProps("password")} />
        <FormError error={error} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>Cancel</Button>
          <Button type="submit" color={required ? undefined : "red.8"} loading={busy}>{required ? "Require credentials" : "Open to anybody"}</Button>
        </Group>
      </Stack>
    </form>
  );
}
