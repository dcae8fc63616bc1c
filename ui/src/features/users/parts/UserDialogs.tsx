import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import type { User } from "@/api/types";
import { tokenCountQuery } from "@/features/tokens/queries";
import { ConfirmDialog } from "@/shared/dialog/ConfirmDialog";
import type { Dialog } from "@/shared/dialog/use-dialog";
import { FormError } from "@/shared/form/FormError";
import { useApiForm } from "@/shared/form/use-api-form";
import { notifyDone } from "@/shared/lib/notify";
import { useCan, useMe } from "@/shared/session";

import { useUserActions } from "../queries";
import { givableRoles, type GivenRole, roleLabel } from "../roles";
import { RoleField } from "./RoleField";

export function RoleDialog({ dialog }: { dialog: Dialog<User> }) {
  return (
    <Modal opened={dialog.opened} onClose={dialog.close} title={<Text fw={620}>Role of {dialog.subject?.username}</Text>} size={460}>
      {dialog.subject && <RoleForm user={dialog.subject} onClose={dialog.close} />}
    </Modal>
  );
}

function RoleForm({ user, onClose }: { user: User; onClose: () => void }) {
  const me = useMe();
  const { change } = useUserActions();
  const { form, onSubmit, busy, error } = useApiForm({
    initialValues: { role: user.role as GivenRole },
    submit: async ({ role }) => {
      await change.mutateAsync({ id: user.id, body: { role } });
      notifyDone(`${user.username} is now ${roleLabel(role).toLowerCase()}.`);
      onClose();
    },
  });
  return (
    <form onSubmit={onSubmit}>
      <Stack>
        <RoleField roles={givableRoles(me)} {...form.getInputProps("role")} />
        <Text size="sm" c="dimmed">
          {user.username} is signed out everywhere. Tokens lose at once what the new role does not allow; a viewer's tokens are revoked.
        </Text>
        <FormError error={error} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>Cancel</Button>
          <Button type="submit" loading={busy} disabled={form.values.role === user.role}>Change role</Button>
        </Group>
      </Stack>
    </form>
  );
}

export function StatusDialog({ dialog }: { dialog: Dialog<User> }) {
  const { change } = useUserActions();
  const user = dialog.subject;
  const disabled = user?.status === "disabled";
  return (
    <ConfirmDialog
      opened={dialog.opened}
      onClose={dialog.close}
      title={`${disabled ? "Enable" : "Disable"} ${user?.username}?`}
      confirm={disabled ? "Enable" : "Disable"}
      harmless={disabled}
      onConfirm={() => change.mutateAsync({ id: user!.id, body: { status: disabled ? "active" : "disabled" } })}
    >
      <Text size="sm">
        {disabled
          ? "The account can sign in again, and its tokens work again."
          : "The account is signed out at once. Its tokens are refused, so agents that use one get no configuration and their heartbeats are not taken. Enabling the account restores all of it."}
      </Text>
    </ConfirmDialog>
  );
}

export function DeleteUserDialog({ dialog, onDone }: { dialog: Dialog<User>; onDone: () => void }) {
  const { remove } = useUserActions();
  const user = dialog.subject;
  const can = useCan();
  const tokens = useQuery({ ...tokenCountQuery(user?.id ?? ""), enabled: dialog.opened && can("tokens:read") }).data;
  return (
    <ConfirmDialog
      opened={dialog.opened}
      onClose={dialog.close}
      title={`Delete ${user?.username}?`}
      confirm="Delete"
      onConfirm={async () => {
        await remove.mutateAsync(user!.id);
        notifyDone(`${user!.username} is deleted.`);
        onDone();
      }}
    >
      <Text size="sm">
        The account, its sessions and <strong>all tokens that act for it</strong> are removed
        {tokens !== undefined && <>: <strong>{tokens === 1 ? "1 token" : `${tokens} tokens`}</strong> still in force</>}. Agents that use one
        of them are refused from then on. To keep them working, reassign the tokens first. This cannot be undone.
      </Text>
    </ConfirmDialog>
  );
}
