import { ActionIcon, Button, Menu, Modal, Text } from "@mantine/core";
import { IconArrowBackUp, IconDots, IconEye, IconGitCompare, IconPencil } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import type { Config, ConfigVersion } from "@/api/types";
import { ConfirmDialog } from "@/shared/dialog/ConfirmDialog";
import { useDialog } from "@/shared/dialog/use-dialog";
import { useImpact } from "@/shared/impact/use-impact";
import { notifyDone } from "@/shared/lib/notify";
import { Nothing } from "@/shared/parts/Nothing";
import { RelativeTime } from "@/shared/parts/RelativeTime";
import { Section } from "@/shared/parts/Section";
import { StatusBadge } from "@/shared/parts/StatusBadge";
import { Loading, LoadError } from "@/shared/parts/states";
import { useCan } from "@/shared/session";
import { type SmallColumn, SmallTable } from "@/shared/table/SmallTable";

import { Reach } from "../editor/Reach";
import { useVersionActions, versionsQuery } from "../queries";
import { CompareDialog, type Comparison } from "../versions/CompareDialog";
import { NoteDialog } from "../versions/NoteDialog";
import { PruneDialog } from "../versions/PruneDialog";
import { VersionDialog } from "../versions/VersionDialog";

/** Every version that is kept: look at one, compare two, go back to one, drop old ones (V3). */
export function VersionsTab({ config }: { config: Config }) {
  const can = useCan();
  const [page, setPage] = useState(1);
  const [chosen, setChosen] = useState<number[]>([]);
  const versions = useQuery(versionsQuery(config.id, page));
  const compare = useDialog<Comparison>();
  const prune = useDialog<true>();
  if (versions.isError && !versions.data) return <LoadError what="the versions" error={versions.error} onRetry={() => void versions.refetch()} />;
  if (!versions.data) return <Loading />;
  const { items, total, limit } = versions.data;
  const toggle = (version: number) =>
    setChosen((before) => (before.includes(version) ? before.filter((one) => one !== version) : [...before.slice(-1), version]));
  // A version that is gone can be neither compared nor on this page.
  const forget = () => {
    setChosen([]);
    setPage(1);
  };
  const [base, head] = [Math.min(...chosen), Math.max(...chosen)];
  return (
    <Section
      title={`${total} ${total === 1 ? "version" : "versions"}`}
      lead="Choose two to compare them."
      actions={
        <>
          <Button size="xs" variant="default" leftSection={<IconGitCompare size={14} />} disabled={chosen.length !== 2} onClick={() => compare.open({ base, head })}>Compare</Button>
          {can("configs:delete") && total > 1 && <Button size="xs" variant="default" onClick={() => prune.open(true)}>Prune…</Button>}
        </>
      }
    >
      <SmallTable
        label="Versions"
        rows={items}
        columns={COLUMNS}
        rowKey={(version) => String(version.version)}
        rowName={(version) => `version ${version.version}`}
        rowMenu={(version) => <VersionMenu config={config} version={version} onCompare={compare.open} />}
        choice={{ has: (version) => chosen.includes(version.version), toggle: (version) => toggle(version.version) }}
      />
      {total > limit && (
        <div style={{ display: "flex", gap: 8, marginTop: 12 }}>
          <Button size="xs" variant="default" disabled={page === 1} onClick={() => setPage(page - 1)}>Newer</Button>
          <Button size="xs" variant="default" disabled={page * limit >= total} onClick={() => setPage(page + 1)}>Older</Button>
        </div>
      )}
      <CompareDialog dialog={compare} configId={config.id} />
      <PruneDialog dialog={prune} config={config} onDone={forget} />
    </Section>
  );
}

const COLUMNS: SmallColumn<ConfigVersion>[] = [
  {
    key: "version",
    header: "Version",
    cell: (version) => (
      <span className="tc-nowrap">
        <Text span size="sm" fw={560} mr={8}>{version.version}</Text>
        {version.current && <StatusBadge tone="ok">Current</StatusBadge>}
      </span>
    ),
  },
  { key: "note", header: "Note", cell: (version) => version.note || <Nothing /> },
  { key: "by", header: "By", cell: (version) => version.createdBy ?? <Nothing /> },
  { key: "when", header: "When", cell: (version) => <RelativeTime at={version.createdAt} /> },
];

type VersionMenuProps = { config: Config; version: ConfigVersion; onCompare: (comparison: Comparison) => void };

function VersionMenu({ config, version, onCompare }: VersionMenuProps) {
  const can = useCan();
  const [look, note, back] = [useDialog<ConfigVersion>(), useDialog<ConfigVersion>(), useDialog<ConfigVersion>()];
  const { rollBack } = useVersionActions(config.id);
  const { guarded, dialog } = useImpact("Roll back");
  const number = version.version;
  return (
    <>
      <Menu>
        <Menu.Target><ActionIcon aria-label={`Actions for version ${number}`}><IconDots size={17} /></ActionIcon></Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconEye size={15} />} onClick={() => look.open(version)}>View</Menu.Item>
          {!version.current && (
            <Menu.Item leftSection={<IconGitCompare size={15} />} onClick={() => onCompare({ base: number, head: config.currentVersion })}>Compare with current</Menu.Item>
          )}
          {can("configs:write") && <Menu.Item leftSection={<IconPencil size={15} />} onClick={() => note.open(version)}>Edit note…</Menu.Item>}
          {can("configs:write") && !version.current && (
            <Menu.Item leftSection={<IconArrowBackUp size={15} />} onClick={() => back.open(version)}>Roll back to this…</Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      <VersionDialog dialog={look} configId={config.id} />
      <NoteDialog dialog={note} configId={config.id} />
      <Modal.Stack>
        <ConfirmDialog
          opened={back.opened}
          onClose={back.close}
          title={`Roll back to version ${number}?`}
          confirm="Roll back"
          harmless
          onConfirm={async () => {
            const saved = await guarded((acceptImpact) => rollBack.mutateAsync({ version: number, acceptImpact }));
            notifyDone(`Version ${saved.currentVersion} has the text of version ${number}.`);
          }}
        >
          <Text size="sm">
            Its text becomes a new version; version {config.currentVersion} stays in the list. <Reach configId={config.id} change={{ version: number }} verb="Rolling back" />
          </Text>
        </ConfirmDialog>
        {dialog}
      </Modal.Stack>
    </>
  );
}
