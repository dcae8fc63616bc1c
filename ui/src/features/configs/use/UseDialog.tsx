import { Modal, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import type { Dialog } from "@/shared/dialog/use-dialog";
import { Loading, LoadError } from "@/shared/parts/states";

import { variablesQuery } from "../queries";
import { CommandBuilder } from "./CommandBuilder";
import type { Served } from "./served";

/** "Use this configuration", or group: the command builder, when it is known what its text asks for. */
export function UseDialog({ dialog }: { dialog: Dialog<Served> }) {
  const served = dialog.subject;
  const variables = useQuery({ ...variablesQuery(served), enabled: dialog.opened && served !== null });
  return (
    <Modal opened={dialog.opened} onClose={dialog.close} size={720} title={<Text fw={620}>Use {served?.name}</Text>}>
      {variables.isError ? (
        <LoadError what="what the text needs" error={variables.error} onRetry={() => void variables.refetch()} />
      ) : served && variables.data ? (
        <CommandBuilder served={served} variables={variables.data} />
      ) : (
        <Loading />
      )}
    </Modal>
  );
}
