import { Button, Group, Modal, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import type { Constant } from "@/api/types";
import { Affected } from "@/shared/dialog/Affected";
import type { Dialog } from "@/shared/dialog/use-dialog";
import { FormError } from "@/shared/form/FormError";
import { useApiForm } from "@/shared/form/use-api-form";
import { useImpact } from "@/shared/impact/use-impact";
import { notifyDone } from "@/shared/lib/notify";
import { counted } from "@/shared/lib/numbers";

import { constantQuery, useConstantActions } from "../queries";

/** Makes a constant, or changes the value of the one it is opened with: a name never changes (K1). */
export function ConstantDialog({ dialog }: { dialog: Dialog<Constant | "new"> }) {
  const { subject } = dialog;
  return (
    <Modal.Stack>
      <Modal stackId="constant" opened={dialog.opened} onClose={dialog.close} title={<Text fw={620}>{subject === "new" ? "New constant" : subject?.name}</Text>} size={520}>
        {subject && <ConstantForm constant={subject === "new" ? null : subject} onClose={dialog.close} />}
      </Modal>
    </Modal.Stack>
  );
}

function ConstantForm({ constant, onClose }: { constant: Constant | null; onClose: () => void }) {
  const actions = useConstantActions();
  const { guarded, dialog } = useImpact("Save");
  const { form, onSubmit, busy, error } = useApiForm({
    initialValues: { name: constant?.name ?? "", value: constant?.value ?? "" },
    validate: {
      name: (value) => (/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(value) ? null : "Letters, digits and underscores, not beginning with a digit"),
      value: (value) => (/["\r\n]/.test(value) ? "No double quotes and no line breaks: it stands inside of strings" : null),
    },
    fieldOfCode: { constant_name_conflict: "name" },
    submit: async (body) => {
      if (constant) await guarded((acceptImpact) => actions.change.mutateAsync({ ...body, acceptImpact }));
      else await actions.create.mutateAsync(body);
      notifyDone(constant ? `${body.name} is saved.` : `${body.name} is created.`);
      onClose();
    },
  });
  return (
    <>
      <form onSubmit={onSubmit} noValidate>
        <Stack>
          <TextInput
            label="Name"
            description={<>Used in configurations as <code>{`::{${form.values.name || "NAME"}}`}</code></>}
            readOnly={constant !== null}
            maxLength={128}
            spellCheck={false}
            data-autofocus={constant === null || undefined}
            {...form.getInputProps("name")}
          />
          <Textarea
            label="Value"
            autosize
            maxRows={8}
            spellCheck={false}
            classNames={{ input: "tc-mono" }}
            data-autofocus={constant !== null || undefined}
            {...form.getInputProps("value")}
          />
          {constant && <Users constant={constant} />}
          <FormError error={error} />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>Cancel</Button>
            <Button type="submit" loading={busy} disabled={constant !== null && !form.isDirty()}>{constant ? "Save" : "Create constant"}</Button>
          </Group>
        </Stack>
      </form>
      {dialog}
    </>
  );
}

/** What a new value reaches. */
function Users({ constant }: { constant: Constant }) {
  const usage = useQuery(constantQuery(constant.name)).data?.usedBy;
  if (!usage) return null;
  if (usage.length === 0) return <Text size="sm" c="dimmed">No configuration uses it.</Text>;
  return (
    <div>
      <Text size="sm" mb={4}>A new value reaches the agents of {counted(usage.length, "configuration")} when they next look:</Text>
      <Affected names={usage.map((one) => one.name)} />
    </div>
  );
}
