import { Button, Group, Modal, NumberInput, Stack, Text } from "@mantine/core";

import type { Config } from "@/api/types";
import type { Dialog } from "@/shared/dialog/use-dialog";
import { FormError } from "@/shared/form/FormError";
import { useApiForm } from "@/shared/form/use-api-form";
import { notifyDone } from "@/shared/lib/notify";
import { counted } from "@/shared/lib/numbers";

import { useVersionActions } from "../queries";

/** Drops old versions; the current one always stays (V3). */
export function PruneDialog({ dialog, config, onDone }: { dialog: Dialog<true>; config: Config; onDone: () => void }) {
  return (
    <Modal opened={dialog.opened} onClose={dialog.close} title={<Text fw={620}>Prune versions</Text>} size={460}>
      <PruneForm config={config} onDone={onDone} onClose={dialog.close} />
    </Modal>
  );
}

function PruneForm({ config, onDone, onClose }: { config: Config; onDone: () => void; onClose: () => void }) {
  const { prune } = useVersionActions(config.id);
  const { form, onSubmit, busy, error } = useApiForm({
    initialValues: { beforeVersion: config.currentVersion },
    submit: async ({ beforeVersion }) => {
      const { pruned } = await prune.mutateAsync({ beforeVersion });
      notifyDone(`${counted(pruned.length, "version")} removed.`);
      onDone();
      onClose();
    },
  });
  return (
    <form onSubmit={onSubmit}>
      <Stack>
        <NumberInput label="Remove all versions before" min={2} max={config.currentVersion} allowDecimal={false} data-autofocus {...form.getInputProps("beforeVersion")} />
        <Text size="sm">Their texts and notes are gone for good. Version {config.currentVersion}, which is served, stays whatever you choose.</Text>
        <FormError error={error} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>Cancel</Button>
          <Button type="submit" color="red.8" loading={busy}>Prune</Button>
        </Group>
      </Stack>
    </form>
  );
}
