import { Button, Checkbox, Group, Modal, Stack, Switch, Text, TextInput } from "@mantine/core";

import type { ReportingRule } from "@/api/types";
import type { Dialog } from "@/shared/dialog/use-dialog";
import { DurationInput } from "@/shared/form/DurationInput";
import { FormError } from "@/shared/form/FormError";
import { useApiForm } from "@/shared/form/use-api-form";
import { notifyDone } from "@/shared/lib/notify";

import { useRuleActions } from "../queries";
import { ruleProblems, ruleSentence } from "../rules";

const NEW = { description: "", notReportingAfter: 300, autoDelete: false, autoDeleteAfter: 7 * 86_400 };

/** Makes a reporting rule, or changes the one it is opened with. */
export function RuleDialog({ dialog }: { dialog: Dialog<ReportingRule | "new"> }) {
  const { subject } = dialog;
  return (
    <Modal opened={dialog.opened} onClose={dialog.close} title={<Text fw={620}>{subject === "new" ? "New reporting rule" : "Edit reporting rule"}</Text>} size={480}>
      {subject && <RuleForm rule={subject === "new" ? null : subject} onClose={dialog.close} />}
    </Modal>
  );
}

function RuleForm({ rule, onClose }: { rule: ReportingRule | null; onClose: () => void }) {
  const actions = useRuleActions();
  const { form, onSubmit, busy, error } = useApiForm({
    initialValues: {
      description: rule?.description ?? NEW.description,
      notReportingAfter: rule?.notReportingAfter ?? NEW.notReportingAfter,
      autoDelete: rule?.autoDelete ?? NEW.autoDelete,
      autoDeleteAfter: rule?.autoDeleteAfter ?? NEW.autoDeleteAfter,
      isDefault: rule?.isDefault ?? false,
    },
    validate: ruleProblems,
    submit: async (values) => {
      const body = {
        ...values,
        description: values.description.trim(),
        // What is switched off keeps the duration that was set once.
        autoDeleteAfter: values.autoDelete ? values.autoDeleteAfter : (rule?.autoDeleteAfter ?? null),
      };
      const saved = await (rule ? actions.change.mutateAsync({ id: rule.id, body }) : actions.create.mutateAsync(body));
      notifyDone(rule ? `${saved.description} is saved.` : `${saved.description} is created.`);
      onClose();
    },
  });
  const { values } = form;
  return (
    <form onSubmit={onSubmit} noValidate>
      <Stack>
        <TextInput label="Description" description="Which agents it is for" placeholder="Laptops that sleep at night" maxLength={200} data-autofocus {...form.getInputProps("description")} />
        <DurationInput label="Not reporting after" description="An agent that is silent for longer is shown as not reporting" {...form.getInputProps("notReportingAfter")} />
        <Switch label="Delete agents that stay silent" {...form.getInputProps("autoDelete", { type: "checkbox" })} />
        {values.autoDelete && <DurationInput label="Delete after" description="Counted from its last heartbeat; with the next one it is here again, as new" {...form.getInputProps("autoDeleteAfter")} />}
        {!rule?.isDefault && <Checkbox label="Default for agents that come from now on" {...form.getInputProps("isDefault", { type: "checkbox" })} />}
        <Text size="sm" c="dimmed" aria-live="polite">{ruleSentence(values)}</Text>
        <FormError error={error} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>Cancel</Button>
          <Button type="submit" loading={busy}>{rule ? "Save" : "Create rule"}</Button>
        </Group>
      </Stack>
    </form>
  );
}
