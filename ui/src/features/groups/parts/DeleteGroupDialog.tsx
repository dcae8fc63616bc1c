import { Modal, Text } from "@mantine/core";

import type { GroupSummary } from "@/api/types";
import { ConfirmDialog } from "@/shared/dialog/ConfirmDialog";
import type { Dialog } from "@/shared/dialog/use-dialog";
import { useImpact } from "@/shared/impact/use-impact";
import { notifyDone } from "@/shared/lib/notify";
import { counted } from "@/shared/lib/numbers";

import { useGroupActions } from "../queries";

export function DeleteGroupDialog({ dialog, onDone }: { dialog: Dialog<GroupSummary>; onDone?: () => void }) {
  const { remove } = useGroupActions();
  const impact = useImpact("Delete");
  const group = dialog.subject;
  return (
    <Modal.Stack>
      <ConfirmDialog
        opened={dialog.opened}
        onClose={dialog.close}
        title={`Delete the group ${group?.name}?`}
        confirm="Delete"
        onConfirm={async () => {
          await impact.guarded((acceptImpact) => remove.mutateAsync({ id: group!.id, acceptImpact }));
          notifyDone(`${group!.name} is deleted.`);
          onDone?.();
        }}
      >
        <Text size="sm">
          The group and its aliases are removed; the configurations in it stay.
          {group && group.agentCount > 0 && (
            <> <strong>{counted(group.agentCount, "agent")}</strong> fetch it: they go on with what they have, and cannot start anew.</>
          )}
        </Text>
      </ConfirmDialog>
      {impact.dialog}
    </Modal.Stack>
  );
}
