import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useState } from "react";

import type { PasswordResetCreated, User } from "@/api/types";
import type { Dialog } from "@/shared/dialog/use-dialog";
import { FormError } from "@/shared/form/FormError";
import { useApiForm } from "@/shared/form/use-api-form";
import { SecretOnce } from "@/shared/parts/SecretOnce";

import { useUserActions } from "../queries";
import { HoursField } from "./HoursField";

/** Makes a link with which somebody sets a new password once (U6). */
export function ResetLinkDialog({ dialog }: { dialog: Dialog<User> }) {
  const [created, setCreated] = useState<PasswordResetCreated | null>(null);
  const user = dialog.subject;
  return (
    <Modal
      opened={dialog.opened}
      onClose={dialog.close}
      title={<Text fw={620}>Password reset link for {user?.username}</Text>}
      size={created ? 620 : 460}
      closeOnEscape={!created}
      closeOnClickOutside={!created}
      onExitTransitionEnd={() => setCreated(null)}
    >
      {created ? (
        <Stack>
          <SecretOnce value={created.link} label="link" note={`Send it to ${user?.email}. It works once.`} />
          <Group justify="flex-end"><Button variant="default" onClick={dialog.close}>Done</Button></Group>
        </Stack>
      ) : (
        user && <ResetForm user={user} onCreated={setCreated} onCancel={dialog.close} />
      )}
    </Modal>
  );
}

type ResetFormProps = { user: User; onCreated: (reset: PasswordResetCreated) => void; onCancel: () => void };

function ResetForm({ user, onCreated, onCancel }: ResetFormProps) {
  const { resetPassword } = useUserActions();
  const { form, onSubmit, busy, error } = useApiForm({
    initialValues: { expiresInHours: "24" },
    submit: async ({ expiresInHours }) =>
      onCreated(await resetPassword.mutateAsync({ id: user.id, expiresInHours: Number(expiresInHours) })),
  });
  return (
    <form onSubmit={onSubmit}>
      <Stack>
        <Text size="sm">
          With the link {user.username} chooses a new password. That unlocks the account and signs it out elsewhere; until then nothing
          changes. A link made earlier stops working.
        </Text>
        <HoursField {...form.getInputProps("expiresInHours")} />
        <FormError error={error} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onCancel}>Cancel</Button>
          <Button type="submit" loading={busy}>Create link</Button>
        </Group>
      </Stack>
    </form>
  );
}
