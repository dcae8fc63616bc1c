import { Text } from "@mantine/core";

import type { ConfigSummary } from "@/api/types";
import { Affected } from "@/shared/dialog/Affected";
import { ConfirmDialog } from "@/shared/dialog/ConfirmDialog";
import type { Dialog } from "@/shared/dialog/use-dialog";
import { notifyBulk, notifyDone } from "@/shared/lib/notify";
import { counted } from "@/shared/lib/numbers";

import { useConfigActions } from "../queries";

type DeleteConfigsDialogProps = { dialog: Dialog<ConfigSummary[]>; onDone: () => void };

/** One or many configurations with their versions, aliases and places in groups (V4). */
export function DeleteConfigsDialog({ dialog, onDone }: DeleteConfigsDialogProps) {
  const { remove, removeMany } = useConfigActions();
  const configs = dialog.subject ?? [];
  const only = configs.length === 1 ? configs[0] : undefined;
  const agents = configs.reduce((sum, config) => sum + config.agentCount, 0);
  const act = async () => {
    if (only) {
      await remove.mutateAsync(only.id);
      notifyDone(`${only.name} is deleted.`);
    } else {
      notifyBulk(await removeMany.mutateAsync(configs.map((config) => config.id)), "deleted");
    }
    onDone();
  };
  return (
    <ConfirmDialog
      opened={dialog.opened}
      onClose={dialog.close}
      title={only ? "Delete this configuration?" : `Delete ${counted(configs.length, "configuration")}?`}
      confirm="Delete"
      onConfirm={act}
    >
      <Affected names={configs.map((config) => config.name)} />
      <Text size="sm">All versions and aliases go with {only ? "it" : "them"}, and the places in groups. This cannot be undone.</Text>
      {agents > 0 && (
        <Text size="sm">
          <strong>{counted(agents, "agent")}</strong> {agents === 1 ? "uses" : "use"} {only ? "it" : "them"}. What agents use that report now is not deleted.
        </Text>
      )}
    </ConfirmDialog>
  );
}
