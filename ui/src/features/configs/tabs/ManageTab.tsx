import { Button, Group, Stack, Textarea, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Fragment } from "react";
import { Link, useNavigate } from "react-router";

import type { Config, ConfigSummary } from "@/api/types";
import { groupChoicesQuery } from "@/features/groups/queries";
import { LabelsDialog } from "@/features/labels/offered";
import { useDialog } from "@/shared/dialog/use-dialog";
import { FormError } from "@/shared/form/FormError";
import { useApiForm } from "@/shared/form/use-api-form";
import { notifyDone, notifyFailed } from "@/shared/lib/notify";
import { Id } from "@/shared/parts/Id";
import { countText } from "@/shared/lib/numbers";
import { LabelChips } from "@/shared/parts/LabelChips";
import { Columns, Facts, Section } from "@/shared/parts/Section";
import { WhenAndWho } from "@/shared/parts/WhenAndWho";
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
              ["Created", <WhenAndWho at={config.createdAt} by={config.createdBy} />],
              ["Last change", <WhenAndWho at={config.updatedAt} by={config.updatedBy} />],
              ["Agents", config.agentCount > 0 && can("agents:read") ? <Link to={urls.agentsWith({ config: config.id })}>{countText(config.agentCount)}</Link> : countText(config.agentCount)],
              ["Groups", <GroupNames ids={config.groups} />],
              ["Id", <Id value={config.id} />],
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

function GroupNames({ ids }: { ids: string[] }) {
  const can = useCan();
  const groups = useQuery({ ...groupChoicesQuery, enabled: can("config-groups:read") && ids.length > 0 }).data;
  if (ids.length === 0) return <span className="tc-faint">none</span>;
  if (!groups) return ids.length;
  const mine = groups.filter((group) => ids.includes(group.id));
  return mine.map((group, index) => <Fragment key={group.id}>{index > 0 && ", "}<Link to={urls.group(group.id)}>{group.name}</Link></Fragment>);
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
    <Section
      title="Delete"
      lead={config.agentCount > 0 ? "Agents use it: it can be deleted when none of them reports any more." : "All versions and aliases go with it, and its places in groups."}
    >
      <Button variant="default" c="var(--mantine-color-error)" onClick={() => dialog.open([config])}>Delete…</Button>
      <DeleteConfigsDialog dialog={dialog} onDone={() => void navigate(urls.configs)} />
    </Section>
  );
}
