import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import type { ConfigSummary } from "@/api/types";
import { groupChoicesQuery } from "@/features/groups/queries";
import { Affected } from "@/shared/dialog/Affected";
import { ConfirmDialog } from "@/shared/dialog/ConfirmDialog";
import type { Dialog } from "@/shared/dialog/use-dialog";
import { notifyBulk, notifyDone } from "@/shared/lib/notify";
import { counted } from "@/shared/lib/numbers";
import { once } from "@/shared/lib/once";
import { useCan } from "@/shared/session";

import { useConfigActions } from "../queries";

const list = once(() => new Intl.ListFormat("en-GB"));

type DeleteConfigsDialogProps = { dialog: Dialog<ConfigSummary[]>; onDone: () => void };

/** One or many configurations with their versions, aliases and places in groups (V4). */
export function DeleteConfigsDialog({ dialog, onDone }: DeleteConfigsDialogProps) {
  const can = useCan();
  const { remove, removeMany } = useConfigActions();
  const configs = dialog.subject ?? [];
  const only = configs.length === 1 ? configs[0] : undefined;
  const agents = configs.reduce((sum, config) => sum + config.agentCount, 0);
  const all = useQuery({ ...groupChoicesQuery, enabled: dialog.opened && can("config-groups:read") }).data ?? [];
  const groups = all.filter((group) => configs.some((config) => config.groups.includes(group.id)));
  const behind = groups.reduce((sum, group) => sum + group.agentCount, 0);
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
      <Text size="sm">All versions and aliases go with {only ? "it" : "them"}. This cannot be undone.</Text>
      {groups.length > 0 && (
        <Text size="sm">
          {only ? "It is" : "They are"} taken out of <strong>{list().format(groups.map((group) => group.name))}</strong>
          {behind > 0 && <>, whose <strong>{counted(behind, "agent")}</strong> {behind === 1 ? "gets" : "get"} a text without {only ? "it" : "them"}</>}.
        </Text>
      )}
      {agents > 0 && (
        <Text size="sm">
          <strong>{counted(agents, "agent")}</strong> {agents === 1 ? "uses" : "use"} {only ? "it" : "them"}. What agents use that report now is not deleted.
        </Text>
      )}
    </ConfirmDialog>
  );
}
