import { Button, Group, Modal, Stack, Text, Textarea } from "@mantine/core";

import type { ConfigVersion } from "@/api/types";
import type { Dialog } from "@/shared/dialog/use-dialog";
import { FormError } from "@/shared/form/FormError";
import { useApiForm } from "@/shared/form/use-api-form";

import { useVersionActions } from "../queries";

export function NoteDialog({ dialog, configId }: { dialog: Dialog<ConfigVersion>; configId: string }) {
  return (
    <Modal opened={dialog.opened} onClose={dialog.close} title={<Text fw={620}>Note of version {dialog.subject?.version}</Text>} size={460}>
      {dialog.subject && <NoteForm version={dialog.subject} configId={configId} onClose={dialog.close} />}
    </Modal>
  );
}

function NoteForm({ version, configId, onClose }: { version: ConfigVersion; configId: string; onClose: () => void }) {
  const { note } = useVersionActions(configId);
  const { form, onSubmit, busy, error } = useApiForm({
    initialValues: { note: version.note },
    submit: async (values) => {
      await note.mutateAsync({ version: version.version, note: values.note });
      onClose();
    },
  });
  return (
    <form onSubmit={onSubmit}>
      <Stack>
        <Textarea aria-label="Note" autosize minRows={2} maxRows={8} maxLength={1000} data-autofocus {...form.getInputProps("note")} />
        <FormError error={error} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>Cancel</Button>
          <Button type="submit" loading={busy}>Save</Button>
        </Group>
      </Stack>
    </form>
  );
}
