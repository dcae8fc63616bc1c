import { Button, Group as Row, Select, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import type { Group } from "@/api/types";
import { configChoicesQuery } from "@/features/configs/queries";
import { FormError } from "@/shared/form/FormError";
import { UnsavedGuard } from "@/shared/form/UnsavedGuard";
import { useImpact } from "@/shared/impact/use-impact";
import { notifyDone } from "@/shared/lib/notify";
import { counted } from "@/shared/lib/numbers";
import { Section } from "@/shared/parts/Section";
import { useCan } from "@/shared/session";

import { useGroupActions } from "../queries";
import { type Member, MemberList } from "./MemberList";
import { GroupProblems } from "./GroupProblems";

/** Which configurations are in a group and in what order; saved as a whole, for every change reaches the agents. */
export function MembersTab({ group }: { group: Group }) {
  const can = useCan();
  const readOnly = !can("config-groups:write");
  const [edited, setEdited] = useState<Member[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const configs = useQuery({ ...configChoicesQuery, enabled: !readOnly && can("configs:read") }).data ?? [];
  const { change } = useGroupActions();
  const { guarded, dialog } = useImpact("Save");
  const members = edited ?? group.configs;
  const choices = configs.filter((config) => !members.some((member) => member.id === config.id));
  const dirty = edited !== null && edited.map((one) => one.id).join() !== group.members.join();

  const save = async () => {
    setError(null);
    try {
      const ids = members.map((member) => member.id);
      await guarded((acceptImpact) => change.mutateAsync({ id: group.id, body: { members: ids, acceptImpact } }));
      setEdited(null);
      notifyDone("The members are saved.");
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <>
      <Section
        title="Members"
        lead="Served one after the other in this order. Settings that may stand only once, such as [agent], belong into one of them."
        actions={
          dirty && (
            <Row gap="xs">
              <Button size="xs" variant="default" onClick={() => setEdited(null)}>Discard</Button>
              <Button size="xs" loading={change.isPending} onClick={() => void save()}>Save</Button>
            </Row>
          )
        }
      >
        {members.length === 0 && <Text size="sm" c="dimmed">None yet: agents get an empty document.</Text>}
        <MemberList members={members} readOnly={readOnly} onChange={setEdited} />
        {!readOnly && (
          <Select
            mt="sm"
            maw={420}
            placeholder="Add a configuration"
            aria-label="Add a configuration"
            searchable
            value={null}
            nothingFoundMessage="No other configuration is called that"
            data={choices.map((config) => ({ value: config.id, label: config.name }))}
            onChange={(id) => {
              const added = choices.find((config) => config.id === id);
              if (added) setEdited([...members, { id: added.id, name: added.name }]);
            }}
          />
        )}
        {dirty && group.agentCount > 0 && (
          <Text size="sm" mt="sm" c="var(--tc-warn)">Saving reaches {counted(group.agentCount, "agent")} when they next look.</Text>
        )}
        <FormError error={error} />
      </Section>
      {!dirty && <GroupProblems problems={group.problems} />}
      {dialog}
      <UnsavedGuard dirty={dirty} />
    </>
  );
}
