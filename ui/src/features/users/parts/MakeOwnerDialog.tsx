import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";

import type { User } from "@/api/types";
import type { Dialog } from "@/shared/dialog/use-dialog";
import { FormError } from "@/shared/form/FormError";
import { PasswordField } from "@/shared/form/PasswordField";
import { useApiForm } from "@/shared/form/use-api-form";
import { Notice } from "@/shared/parts/Notice";

import { useUserActions } from "../queries";

/** Hands ownership over; needs the heir's name and one's own password (U3). */
export function MakeOwnerDialog({ dialog }: { dialog: Dialog<User> }) {
  return (
    <Modal opened={dialog.opened} onClose={dialog.close} title={<Text fw={620}>Make {dialog.subject?.username} the owner</Text>} size={480}>
      {dialog.subject && <MakeOwnerForm user={dialog.subject} onClose={dialog.close} />}
    </Modal>
  );
}

function MakeOwnerForm({ user, onClose }: { user: User; onClose: () => void }) {
  const { makeOwner } = useUserActions();
  const { form, onSubmit, busy, error } = useApiForm({
    initialValues: { username: "", password: "" },
    validate: {
      username: (value) => (value === user.username ? null : `Type ${user.username}`),
      password: (value) => (value ? null : "Type your password"),
    },
    fieldOfCode: { wrong_password: "password" },
    // Both are signed out by it: what comes next is the sign-in page.
    submit: (body) => makeOwner.mutateAsync({ id: user.id, body }).then(() => location.assign("/sign-in")),
  });
  return (
    <form onSubmit={onSubmit} noValidate>
      <Stack>
        <Notice tone="warn">
          You become an administrator, and only {user.username} can undo that. Both of you are signed out.
        </Notice>
        <TextInput label={`Type ${user.username} to confirm`} autoComplete="off" data-autofocus {...form.getInputProps("username")} />
        <PasswordField label="Your password" autoComplete="current-password" {...form.getInputProps("password")} />
        <FormError error={error} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>Cancel</Button>
          <Button type="submit" color="red.8" loading={busy}>Hand over ownership</Button>
        </Group>
      </Stack>
    </form>
  );
}
