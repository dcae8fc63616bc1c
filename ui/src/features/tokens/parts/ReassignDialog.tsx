import { Button, Group, Modal, Select, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import type { Token } from "@/api/types";
import { userChoicesQuery } from "@/features/users/queries";
import { Affected } from "@/shared/dialog/Affected";
import type { Dialog } from "@/shared/dialog/use-dialog";
import { FormError } from "@/shared/form/FormError";
import { useApiForm } from "@/shared/form/use-api-form";
import { notifyBulk } from "@/shared/lib/notify";

import { useTokenActions } from "../queries";

/** Another user becomes the one that tokens act for (T10). */
export function ReassignDialog({ dialog, onDone }: { dialog: Dialog<Token[]>; onDone: () => void }) {
  const tokens = dialog.subject ?? [];
  const title = tokens.length === 1 ? "Reassign this token" : `Reassign ${tokens.length} tokens`;
  return (
    <Modal opened={dialog.opened} onClose={dialog.close} title={<Text fw={620}>{title}</Text>} size={460}>
      <ReassignForm tokens={tokens} onClose={dialog.close} onDone={onDone} />
    </Modal>
  );
}

function ReassignForm({ tokens, onClose, onDone }: { tokens: Token[]; onClose: () => void; onDone: () => void }) {
  const users = useQuery(userChoicesQuery);
  const { reassignMany } = useTokenActions();
  const { form, onSubmit, busy, error } = useApiForm({
    initialValues: { userId: "" },
    validate: { userId: (value) => (value ? null : "Choose a user") },
    submit: async ({ userId }) => {
      notifyBulk(await reassignMany.mutateAsync({ ids: tokens.map((token) => token.id), userId }), "reassigned");
      onDone();
      onClose();
    },
  });
  const only = new Set(tokens.map((token) => token.userId)).size === 1 ? tokens[0]?.userId : undefined;
  const choices = (users.data ?? []).filter((user) => user.status === "active" && user.id !== only);
  return (
    <form onSubmit={onSubmit} noValidate>
      <Stack>
        <Affected names={tokens.map((token) => token.name)} />
        <Select
          label="Acts for"
          placeholder="Choose a user"
          searchable
          data-autofocus
          data={choices.map((user) => ({ value: user.id, label: `${user.username} (${user.role})` }))}
          {...form.getInputProps("userId")}
        />
        <Text size="sm">
          The {tokens.length === 1 ? "value keeps" : "values keep"} working. What the user's role does not allow is taken from the
          permissions for good; for a viewer, what is left are read permissions.
        </Text>
        <FormError error={error} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>Cancel</Button>
          <Button type="submit" loading={busy}>Reassign</Button>
        </Group>
      </Stack>
    </form>
  );
}
