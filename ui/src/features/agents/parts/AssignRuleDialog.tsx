import { Button, Group, Input, Modal, Stack, Text } from "@mantine/core";
import { IconSelector } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import type { Agent } from "@/api/types";
import { ruleQuery, ruleSource } from "@/features/reporting/queries";
import type { Dialog } from "@/shared/dialog/use-dialog";
import { FormError } from "@/shared/form/FormError";
import { notifyBulk } from "@/shared/lib/notify";
import { counted } from "@/shared/lib/numbers";
import { durationText } from "@/shared/lib/time";
import { SearchedOptions } from "@/shared/table/SearchedOptions";

import { agentName } from "../names";
import { useAgentActions } from "../queries";

/** Lets one or many agents follow another reporting rule (R2). */
export function AssignRuleDialog({ dialog, onDone }: { dialog: Dialog<Agent[]>; onDone: () => void }) {
  const agents = dialog.subject ?? [];
  const title = agents.length === 1 ? `Reporting rule of ${agentName(agents[0]!)}` : `Reporting rule of ${counted(agents.length, "agent")}`;
  return (
    <Modal opened={dialog.opened} onClose={dialog.close} title={<Text fw={620}>{title}</Text>} size={440}>
      <AssignRuleForm agents={agents} onClose={dialog.close} onDone={onDone} />
    </Modal>
  );
}

function AssignRuleForm({ agents, onClose, onDone }: { agents: Agent[]; onClose: () => void; onDone: () => void }) {
  const { assignRule } = useAgentActions();
  const followed = new Set(agents.map((agent) => agent.reportingRule.id));
  const same = followed.size === 1 ? [...followed][0]! : null;
  const [ruleId, setRuleId] = useState<string | null>(same);
  const rule = useQuery({ ...ruleQuery(ruleId ?? ""), enabled: ruleId !== null }).data;
  const save = () =>
    assignRule.mutate(
      { ids: agents.map((agent) => agent.id), ruleId: ruleId! },
      {
        onSuccess: (answer) => {
          notifyBulk(answer, answer.succeeded === 1 ? "agent follows the rule" : "agents follow the rule");
          onDone();
          onClose();
        },
      },
    );
  return (
    <Stack>
      <Input.Wrapper label="Rule" labelElement="div">
        <div>
          <SearchedOptions source={ruleSource} label="Rule" chosen={ruleId ? [ruleId] : []} onChoose={setRuleId}>
            <Button variant="default" fullWidth justify="space-between" rightSection={<IconSelector size={15} />} data-autofocus fw={400}>
              {ruleId ? (rule?.description ?? "…") : "They follow different rules: choose one"}
            </Button>
          </SearchedOptions>
        </div>
      </Input.Wrapper>
      <Text size="sm" c="dimmed" mih="1.5em">
        {rule && `Not reporting after ${durationText(rule.notReportingAfter)} of silence${rule.autoDelete && rule.autoDeleteAfter ? `, deleted after ${durationText(rule.autoDeleteAfter)}` : ""}.`}
      </Text>
      <FormError error={assignRule.error} />
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={onClose}>Cancel</Button>
        <Button loading={assignRule.isPending} disabled={ruleId === null || ruleId === same} onClick={save}>Assign</Button>
      </Group>
    </Stack>
  );
}
