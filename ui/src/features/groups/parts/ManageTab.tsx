import { Button, Group as Row, Stack, Textarea, TextInput } from "@mantine/core";
import { useNavigate } from "react-router";

import type { Group, GroupSummary } from "@/api/types";
import { LabelsDialog } from "@/features/labels/offered";
import { useDialog } from "@/shared/dialog/use-dialog";
import { FormError } from "@/shared/form/FormError";
import { useApiForm } from "@/shared/form/use-api-form";
import { notifyDone } from "@/shared/lib/notify";
import { Id } from "@/shared/parts/Id";
import { LabelChips } from "@/shared/parts/LabelChips";
import { Columns, Facts, Section } from "@/shared/parts/Section";
import { WhenAndWho } from "@/shared/parts/WhenAndWho";
import { useCan } from "@/shared/session";
import { urls } from "@/shared/urls";

import { useGroupActions } from "../queries";
import { AgentCount } from "./AgentCount";
import { DeleteGroupDialog } from "./DeleteGroupDialog";

export function ManageTab({ group }: { group: Group }) {
  const can = useCan();
  const navigate = useNavigate();
  const [label, remove] = [useDialog<true>(), useDialog<GroupSummary>()];
  const actions = useGroupActions();
  const mayWrite = can("config-groups:write");
  return (
    <>
      <Columns>
        <Description group={group} readOnly={!mayWrite} />
        <Section title="About">
          <Facts
            facts={[
              ["Agents", <AgentCount group={group} />],
              ["Created", <WhenAndWho at={group.createdAt} by={group.createdBy} />],
              ["Last change", <WhenAndWho at={group.updatedAt} by={group.updatedBy} />],
              ["Id", <Id value={group.id} />],
            ]}
          />
        </Section>
      </Columns>
      <Section title="Labels" actions={mayWrite && <Button size="xs" variant="default" onClick={() => label.open(true)}>Change…</Button>}>
        {group.labels.length ? <LabelChips labels={group.labels} most={50} /> : <span className="tc-faint">None.</span>}
      </Section>
      {can("config-groups:delete") && (
        <Section title="Delete" lead="The group and its aliases go; the configurations in it stay.">
          <Button variant="default" c="var(--mantine-color-error)" onClick={() => remove.open(group)}>Delete…</Button>
        </Section>
      )}
      <LabelsDialog
        opened={label.opened}
        onClose={label.close}
        title={`Labels of ${group.name}`}
        carriers={[group]}
        onChange={(change) => actions.label.mutateAsync({ ids: [group.id], ...change })}
      />
      <DeleteGroupDialog dialog={remove} onDone={() => void navigate(urls.groups)} />
    </>
  );
}

function Description({ group, readOnly }: { group: Group; readOnly: boolean }) {
  const { change } = useGroupActions();
  const { form, onSubmit, busy, error } = useApiForm({
    initialValues: { name: group.name, description: group.description },
    validate: { name: (value) => (value.trim() ? null : "Give it a name") },
    fieldOfCode: { group_name_conflict: "name" },
    submit: async (body) => {
      await change.mutateAsync({ id: group.id, body });
      form.resetDirty();
      notifyDone("The group is saved.");
    },
  });
  return (
    <Section title="Name and description">
      <form onSubmit={onSubmit} noValidate>
        <Stack gap="sm">
          <TextInput label="Name" maxLength={100} readOnly={readOnly} {...form.getInputProps("name")} />
          <Textarea label="Description" autosize minRows={2} maxRows={8} maxLength={1000} readOnly={readOnly} {...form.getInputProps("description")} />
          <FormError error={error} />
          {!readOnly && <Row><Button type="submit" loading={busy} disabled={!form.isDirty()}>Save</Button></Row>}
        </Stack>
      </form>
    </Section>
  );
}
