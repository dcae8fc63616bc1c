import { Button, Group, Modal, Select, Stack, Text } from "@mantine/core";
import { useState } from "react";

import type { Token, TokenCreated } from "@/api/types";
import type { Dialog } from "@/shared/dialog/use-dialog";
import { FormError } from "@/shared/form/FormError";
import { useApiForm } from "@/shared/form/use-api-form";

import { useTokenActions } from "../queries";
import { NewValue } from "./NewValue";

const HOUR = 3600;
const OVERLAPS = [
  { value: "0", label: "Not at all" },
  { value: String(HOUR), label: "1 hour" },
  { value: String(24 * HOUR), label: "24 hours" },
  { value: String(72 * HOUR), label: "3 days" },
  { value: String(7 * 24 * HOUR), label: "7 days" },
];

/** Gives a token a new value; the old one works on for a while (T12). */
export function RotateDialog({ dialog }: { dialog: Dialog<Token> }) {
  const [rotated, setRotated] = useState<TokenCreated | null>(null);
  return (
    <Modal
      opened={dialog.opened}
      onClose={dialog.close}
      size={rotated ? 720 : 460}
      title={<Text fw={620}>{rotated ? `New value of ${rotated.name}` : `Rotate ${dialog.subject?.name ?? ""}`}</Text>}
      closeOnEscape={!rotated}
      closeOnClickOutside={!rotated}
      onExitTransitionEnd={() => setRotated(null)}
    >
      {rotated ? (
        <Stack>
          <NewValue token={rotated} />
          <Group justify="flex-end"><Button variant="default" onClick={dialog.close}>Done</Button></Group>
        </Stack>
      ) : (
        dialog.subject && <RotateForm token={dialog.subject} onRotated={setRotated} onClose={dialog.close} />
      )}
    </Modal>
  );
}

type RotateFormProps = { token: Token; onRotated: (token: TokenCreated) => void; onClose: () => void };

function RotateForm({ token, onRotated, onClose }: RotateFormProps) {
  const { rotate } = useTokenActions();
  const { form, onSubmit, busy, error } = useApiForm({
    initialValues: { overlap: String(24 * HOUR) },
    submit: async ({ overlap }) => onRotated(await rotate.mutateAsync({ id: token.id, overlapSeconds: Number(overlap) })),
  });
  return (
    <form onSubmit={onSubmit}>
      <Stack>
        <Text size="sm">
          The token gets a new value and keeps its name, permissions and expiry. Install the new value everywhere before the old one
          stops.
        </Text>
        <Select label="The old value works on for" data={OVERLAPS} allowDeselect={false} data-autofocus {...form.getInputProps("overlap")} />
        {token.previousValueExpiresAt && (
          <Text size="sm" c="var(--tc-warn)">An older value of this token still works. It stops at once.</Text>
        )}
        <FormError error={error} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>Cancel</Button>
          <Button type="submit" loading={busy}>Rotate</Button>
        </Group>
      </Stack>
    </form>
  );
}
