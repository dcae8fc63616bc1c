import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import { Loading } from "@/shared/parts/states";

import { configQuery } from "../queries";
import { Compare } from "./Compare";

type ConflictDialogProps = {
  opened: boolean;
  configId: string;
  mine: string;
  baseVersion: number;
  onClose: () => void;
  /** Save mine after all, on top of the version that is there now. */
  onKeepMine: (version: number) => void;
  onTakeTheirs: (text: string, version: number) => void;
};

/** Somebody saved meanwhile (V2): shows both texts and lets the person decide. Nothing is lost by closing it. */
export function ConflictDialog({ opened, onClose, ...props }: ConflictDialogProps) {
  return (
    <Modal opened={opened} onClose={onClose} title={<Text fw={620}>Somebody saved meanwhile</Text>} size="min(1200px, 96vw)">
      <Conflict onClose={onClose} {...props} />
    </Modal>
  );
}

function Conflict({ configId, mine, baseVersion, onClose, onKeepMine, onTakeTheirs }: Omit<ConflictDialogProps, "opened">) {
  // Never from the cache: what matters is what is there now.
  const theirs = useQuery({ ...configQuery(configId), staleTime: 0, refetchOnMount: "always" });
  if (!theirs.data || theirs.isFetching) return <Loading />;
  const { toml, currentVersion, updatedBy } = theirs.data;
  return (
    <Stack>
      <Text size="sm">
        {updatedBy ?? "Somebody"} saved version {currentVersion} while you were editing version {baseVersion}. Your text is still here.
      </Text>
      <Compare left={toml} right={mine} leftTitle={`Version ${currentVersion}, by ${updatedBy ?? "somebody"}`} rightTitle="Yours, not saved" />
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={onClose}>Back to editing</Button>
        <Button variant="default" onClick={() => onTakeTheirs(toml, currentVersion)}>Take theirs, drop mine</Button>
        <Button onClick={() => onKeepMine(currentVersion)}>Save mine as version {currentVersion + 1}</Button>
      </Group>
    </Stack>
  );
}
