import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useNavigate } from "react-router";

import type { Dialog } from "@/shared/dialog/use-dialog";
import { FormError } from "@/shared/form/FormError";
import { useApiForm } from "@/shared/form/use-api-form";
import { urls } from "@/shared/urls";

import { useGroupActions } from "../queries";

/** Makes an empty group; its members are chosen on its page. */
export function NewGroupDialog({ dialog }: { dialog: Dialog<true> }) {
  return (
    <Modal opened={dialog.opened} onClose={dialog.close} title={<Text fw={620}>New group</Text>} size={460}>
      <NewGroupForm onClose={dialog.close} />
    </Modal>
  );
}

function NewGroupForm({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate();
  const { create } = useGroupActions();
  const { form, onSubmit, busy, error } = useApiForm({
    initialValues: { name: "", description: "" },
    validate: { name: (value) => (value.trim() ? null : "Give it a name") },
    fieldOfCode: { group_name_conflict: "name" },
    submit: async (values) => {
      const made = await create.mutateAsync({ ...values, members: [] });
      onClose();
      void navigate(urls.group(made.id));
    },
  });
  return (
    <form onSubmit={onSubmit} noValidate>
      <Stack>
        <TextInput label="Name" placeholder="web-servers" maxLength={100} data-autofocus {...form.getInputProps("name")} />
        <TextInput label="Description" maxLength={1000} {...form.getInputProps("description")} />
        <FormError error={error} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>Cancel</Button>
          <Button type="submit" loading={busy}>Create group</Button>
        </Group>
      </Stack>
    </form>
  );
}
