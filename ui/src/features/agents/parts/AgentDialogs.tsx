import { Text } from "@mantine/core";

import type { Agent } from "@/api/types";
import { LabelsDialog } from "@/features/labels/offered";
import { Affected } from "@/shared/dialog/Affected";
import { ConfirmDialog } from "@/shared/dialog/ConfirmDialog";
import { type Dialog, useDialog } from "@/shared/dialog/use-dialog";
import { notifyBulk, notifyDone } from "@/shared/lib/notify";
import { counted } from "@/shared/lib/numbers";

import { agentName } from "../names";
import { useAgentActions } from "../queries";
import { AssignRuleDialog } from "./AssignRuleDialog";

/** What can be asked about one or many agents. */
export type AgentDialogsState = { remove: Dialog<Agent[]>; label: Dialog<Agent[]>; rule: Dialog<Agent[]> };

export function useAgentDialogs(): AgentDialogsState {
  return { remove: useDialog(), label: useDialog(), rule: useDialog() };
}

export function AgentDialogs({ dialogs, onDone }: { dialogs: AgentDialogsState; onDone?: (did: "remove" | "label" | "rule") => void }) {
  const { label } = useAgentActions();
  const agents = dialogs.label.subject ?? [];
  return (
    <>
      <LabelsDialog
        opened={dialogs.label.opened}
        onClose={dialogs.label.close}
        title={agents.length === 1 ? `Labels of ${agentName(agents[0]!)}` : `Labels of ${counted(agents.length, "agent")}`}
        carriers={agents}
        onChange={async ({ labelIds, add }) => {
          notifyBulk(await label.mutateAsync({ ids: agents.map((agent) => agent.id), labelIds, add }), "labelled");
          onDone?.("label");
        }}
      />
      <AssignRuleDialog dialog={dialogs.rule} onDone={() => onDone?.("rule")} />
      <RemoveDialog dialog={dialogs.remove} onDone={() => onDone?.("remove")} />
    </>
  );
}

function RemoveDialog({ dialog, onDone }: { dialog: Dialog<Agent[]>; onDone: () => void }) {
  const { remove, removeMany } = useAgentActions();
  const agents = dialog.subject ?? [];
  const only = agents.length === 1 ? agents[0] : undefined;
  const act = async () => {
    if (only) {
      await remove.mutateAsync(only.id);
      notifyDone(`${agentName(only)} is forgotten.`);
    } else {
      notifyBulk(await removeMany.mutateAsync(agents.map((agent) => agent.id)), "forgotten");
    }
    onDone();
  };
  const alive = agents.filter((agent) => agent.status !== "not_reporting").length;
  return (
    <ConfirmDialog
      opened={dialog.opened}
      onClose={dialog.close}
      title={only ? "Delete this agent?" : `Delete ${counted(agents.length, "agent")}?`}
      confirm="Delete"
      onConfirm={act}
    >
      <Affected names={agents.map(agentName)} />
      <Text size="sm">
        The record, its history and its labels are removed; the Telegraf itself is not touched.
        {alive > 0 && ` ${only ? "It still reports" : `${alive} of them still report`}, and with the next heartbeat ${only ? "it is" : "they are"} here again as new.`}
      </Text>
    </ConfirmDialog>
  );
}
