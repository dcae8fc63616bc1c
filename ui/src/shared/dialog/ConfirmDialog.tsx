import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useState, type ReactNode } from "react";

import { FormError } from "@/shared/form/FormError";

export type ConfirmDialogProps = {
  opened: boolean;
  onClose: () => void;
  /** The question: "Revoke 3 tokens?" */
  title: string;
  /** What will happen, and to what. */
  children: ReactNode;
  /** The verb on the button: "Revoke". Null when it cannot be done, and the dialog says why. */
  confirm: string | null;
  harmless?: boolean;
  onConfirm: () => Promise<unknown>;
};

/** Asks before something that cannot be undone. It stays open, with the reason, when it fails. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  return (
    <Modal stackId="question" opened={props.opened} onClose={props.onClose} title={<Text fw={620}>{props.title}</Text>} size={460}>
      <Question {...props} />
    </Modal>
  );
}

function Question({ onClose, children, confirm, harmless, onConfirm }: ConfirmDialogProps) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const act = async () => {
    setBusy(true);
    try {
      await onConfirm();
      onClose();
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  return (
    <Stack gap="md">
      <Stack gap={8} fz="sm">{children}</Stack>
      <FormError error={error} />
      <Group justify="flex-end" gap="xs">
        <Button variant="default" data-autofocus onClick={onClose} disabled={busy}>{confirm === null ? "Close" : "Cancel"}</Button>
        {confirm !== null && <Button color={harmless ? undefined : "red.8"} loading={busy} onClick={() => void act()}>{confirm}</Button>}
      </Group>
    </Stack>
  );
}
