import { Button, ColorInput, Group, Input, Modal, Stack, Text, TextInput } from "@mantine/core";

import type { Label } from "@/api/types";
import type { Dialog } from "@/shared/dialog/use-dialog";
import { FormError } from "@/shared/form/FormError";
import { useApiForm } from "@/shared/form/use-api-form";
import { notifyDone } from "@/shared/lib/notify";
import { LabelChip } from "@/shared/parts/LabelChips";

import { useLabelActions } from "../queries";

const SWATCHES = ["#2f9e63", "#0e9384", "#2f7fd6", "#5f6fd6", "#8f5fd0", "#c2539b", "#d64545", "#d9730d", "#c99a06", "#75807f"];

/** Makes a label, or changes the one it is opened with. */
export function LabelDialog({ dialog }: { dialog: Dialog<Label | "new"> }) {
  const { subject } = dialog;
  return (
    <Modal opened={dialog.opened} onClose={dialog.close} title={<Text fw={620}>{subject === "new" ? "New label" : "Edit label"}</Text>} size={420}>
      {subject && <LabelForm label={subject === "new" ? null : subject} onClose={dialog.close} />}
    </Modal>
  );
}

function LabelForm({ label, onClose }: { label: Label | null; onClose: () => void }) {
  const actions = useLabelActions();
  const { form, onSubmit, busy, error } = useApiForm({
    initialValues: { name: label?.name ?? "", description: label?.description ?? "", color: label?.color ?? SWATCHES[0]! },
    validate: {
      name: (value) => (value.trim() ? null : "Give it a name"),
      color: (value) => (/^#[0-9a-f]{6}$/i.test(value) ? null : "A colour such as #2f9e63"),
    },
    fieldOfCode: { label_name_conflict: "name" },
    submit: async (body) => {
      await (label ? actions.change.mutateAsync({ id: label.id, body }) : actions.create.mutateAsync(body));
      notifyDone(label ? `${body.name} is saved.` : `${body.name} is created.`);
      onClose();
    },
  });
  return (
    <form onSubmit={onSubmit} noValidate>
      <Stack>
        <TextInput label="Name" maxLength={50} data-autofocus {...form.getInputProps("name")} />
        <TextInput label="Description" maxLength={1000} {...form.getInputProps("description")} />
        <ColorInput label="Colour" format="hex" swatches={SWATCHES} withEyeDropper={false} {...form.getInputProps("color")} />
        <Input.Wrapper label="Looks like this" labelElement="div">
          <div><LabelChip label={{ name: form.values.name || "label", color: form.values.color }} /></div>
        </Input.Wrapper>
        <FormError error={error} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>Cancel</Button>
          <Button type="submit" loading={busy}>{label ? "Save" : "Create label"}</Button>
        </Group>
      </Stack>
    </form>
  );
}
