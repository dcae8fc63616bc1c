import { Modal, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import type { Config } from "@/api/types";
import type { Dialog } from "@/shared/dialog/use-dialog";
import { Loading, LoadError } from "@/shared/parts/states";

import { variablesQuery } from "../queries";
import { CommandBuilder } from "./CommandBuilder";

/** "Use this configuration": the command builder, when it is known what the configuration asks for. */
export function UseDialog({ dialog }: { dialog: Dialog<Config> }) {
  const config = dialog.subject;
  const variables = useQuery({ ...variablesQuery(config?.id ?? ""), enabled: dialog.opened && config !== null });
  return (
    <Modal opened={dialog.opened} onClose={dialog.close} size={720} title={<Text fw={620}>Use {config?.name}</Text>}>
      {variables.isError ? (
        <LoadError what="what the configuration needs" error={variables.error} onRetry={() => void variables.refetch()} />
      ) : config && variables.data ? (
        <CommandBuilder config={config} variables={variables.data} />
      ) : (
        <Loading />
      )}
    </Modal>
  );
}
