import { Button, Group, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useNavigate } from "react-router";

import type { Config, ConfigSummary } from "@/api/types";
import { LabelsDialog } from "@/features/labels/offered";
import { useDialog } from "@/shared/dialog/use-dialog";
import { FormError } from "@/shared/form/FormError";
import { useApiForm } from "@/shared/form/use-api-form";
import { notifyDone, notifyFailed } from "@/shared/lib/notify";
import { LabelChips } from "@/shared/parts/LabelChips";
import { RelativeTime } from "@/shared/parts/RelativeTime";
import { Columns, Facts, Section } from "@/shared/parts/Section";
import { useCan } from "@/shared/session";
import { urls } from "@/shared/urls";

import { DeleteConfigsDialog } from "../pages/DeleteConfigsDialog";
import { useConfigActions } from "../queries";

export function ManageTab({ config }: { config: Config }) {
  const can = useCan();
  return (
    <>
      <Columns>
        <Description config={config} />
        <Section title="About">
          <Facts
            facts={[
              ["Version", config.currentVersion],
              ["Created", <><RelativeTime at={config.createdAt} /> <span className="tc-faint">{config.createdBy && `by ${config.createdBy}`}</span></>],
              ["Last change", <><RelativeTime at={config.updatedAt} /> <span className="tc-faint">{config.updatedBy && `by ${config.updatedBy}`}</span></>],
              ["Agents", config.agentCount],
              ["Groups", config.groups.length || "none"],
              ["Id", <span className="tc-mono">{config.id}</span>],
            ]}
          />
        </Section>
      </Columns>
      <Labels config={config} />
      {can("configs:write") && <Copy config={config} />}
      {can("configs:delete") && <Remove config={config} />}
    </>
  );
}

function Description({ config }: { config: Config }) {
  const readOnly = !useCan()("configs:write");
  const { change } = useConfigActions();
  const { form, onSubmit, busy, error } = useApiForm({
    initialValues: { name: config.name, description: config.description },
    validate: { name: (value) => (value.trim() ? null : "Give it a name") },
    fieldOfCode: { config_name_conflict: "name" },
    submit: async (body) => {
      await change.mutateAsync({ id: config.id, body });
      form.resetDirty();
      notifyDone("The configuration is saved.");
    },
  });
  return (
    <Section title="Name and description" lead="Changing them makes no new version, and agents notice nothing.">
      <form onSubmit={onSubmit} noValidate>
        <Stack gap="sm">
          <TextInput label="Name" maxLength={100} readOnly={readOnly} {...form.getInputProps("name")} />
          <Textarea label="Description" autosize minRows={2} maxRows={8} maxLength={1000} readOnly={readOnly} {...form.getInputProps("description")} />
          <FormError error={error} />
          {!readOnly && <Group><Button type="submit" loading={busy} disabled={!form.isDirty()}>Save</Button></Group>}
        </Stack>
      </form>
    </Section>
  );
}

function Labels({ config }: { config: Config }) {
  const mayWrite = useCan()("configs:write");
  const dialog = useDialog<true>();
  const { label } = useConfigActions();
  return (
    <Section title="Labels" actions={mayWrite && <Button size="xs" variant="default" onClick={() => dialog.open(true)}>Change…</Button>}>
      {config.labels.length ? <LabelChips labels={config.labels} most={50} /> : <span className="tc-faint">None.</span>}
      <LabelsDialog
        opened={dialog.opened}
        onClose={dialog.close}
        title={`Labels of ${config.name}`}
        carriers={[config]}
        onChange={(change) => label.mutateAsync({ ids: [config.id], ...change })}
      />
    </Section>
  );
}

function Copy({ config }: { config: Config }) {
  const navigate = useNavigate();
  const { duplicate } = useConfigActions();
  const copy = () =>
    duplicate.mutate(config.id, {
      onSuccess: (made) => {
        notifyDone(`${made.name} is created.`);
        void navigate(urls.config(made.id));
      },
      onError: (error) => notifyFailed("Could not duplicate", error),
    });
  return (
    <Section title="Duplicate" lead="A new configuration with the same text, without its versions, aliases and agents.">
      <Button variant="default" loading={duplicate.isPending} onClick={copy}>Duplicate</Button>
    </Section>
  );
}

function Remove({ config }: { config: Config }) {
  const navigate = useNavigate();
  const dialog = useDialog<ConfigSummary[]>();
  return (
    <Section title="Delete">
      <Group>
        <Button variant="default" c="var(--mantine-color-error)" onClick={() => dialog.open([config])}>Delete…</Button>
        {config.agentCount > 0 && <Text size="sm" c="dimmed">Agents that report now use it: it can be deleted when they no longer do.</Text>}
      </Group>
      <DeleteConfigsDialog dialog={dialog} onDone={() => void navigate(urls.configs)} />
    </Section>
  );
}
