import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import type { TokenCreated } from "@/api/types";
import { Loading, LoadError } from "@/shared/parts/states";

import { NewValue } from "../parts/NewValue";
import { permissionTableQuery } from "../queries";
import { TokenForm, type TokenFormStart } from "./TokenForm";

type CreateTokenDialogProps = {
  opened: boolean;
  onClose: () => void;
  start?: TokenFormStart;
  /** Called with the new token instead of showing its value here. */
  onCreated?: (token: TokenCreated) => void;
};

/** Asks what a token is to be, then shows its value once. While that is shown, only the button closes the dialog. */
export function CreateTokenDialog({ opened, onClose, start = {}, onCreated }: CreateTokenDialogProps) {
  const [created, setCreated] = useState<TokenCreated | null>(null);
  const table = useQuery({ ...permissionTableQuery, enabled: opened });
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      size={720}
      title={<Text fw={620}>{created ? `Token ${created.name}` : "New API token"}</Text>}
      closeOnEscape={!created}
      closeOnClickOutside={false}
      onExitTransitionEnd={() => setCreated(null)}
    >
      {created ? (
        <Stack>
          <NewValue token={created} />
          <Group justify="flex-end"><Button variant="default" onClick={onClose}>Done</Button></Group>
        </Stack>
      ) : table.isError ? (
        <LoadError what="what your role may do" error={table.error} onRetry={() => void table.refetch()} />
      ) : table.data ? (
        <TokenForm table={table.data} start={start} onCreated={onCreated ?? setCreated} onCancel={onClose} />
      ) : (
        <Loading />
      )}
    </Modal>
  );
}
