import { Modal, Text } from "@mantine/core";
import { useQueries } from "@tanstack/react-query";

import type { Dialog } from "@/shared/dialog/use-dialog";
import { Loading, LoadError } from "@/shared/parts/states";

import { Compare } from "../editor/Compare";
import { versionQuery } from "../queries";

/** Two versions; the lower number is the base. */
export type Comparison = { base: number; head: number };

export function CompareDialog({ dialog, configId }: { dialog: Dialog<Comparison>; configId: string }) {
  const { subject } = dialog;
  return (
    <Modal
      opened={dialog.opened}
      onClose={dialog.close}
      size="min(1280px, 96vw)"
      title={<Text fw={620}>{subject && `Version ${subject.base} and version ${subject.head}`}</Text>}
    >
      {subject && <Versions configId={configId} {...subject} />}
    </Modal>
  );
}

function Versions({ configId, base, head }: Comparison & { configId: string }) {
  const [left, right] = useQueries({ queries: [versionQuery(configId, base), versionQuery(configId, head)] });
  const failed = [left, right].find((query) => query.isError);
  if (failed) return <LoadError what="the versions" error={failed.error} onRetry={() => void failed.refetch()} />;
  if (!left.data || !right.data) return <Loading />;
  const title = ({ version, note }: { version: number; note: string }) => `Version ${version}${note && ` · ${note}`}`;
  return <Compare left={left.data.toml} right={right.data.toml} leftTitle={title(left.data)} rightTitle={title(right.data)} />;
}
