import { Anchor, Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { IconPencil } from "@tabler/icons-react";
import { useState } from "react";
import { Link, useNavigate } from "react-router";

import { isApiError, messageOf } from "@/api/errors";
import type { Dialog } from "@/shared/dialog/use-dialog";
import { counted } from "@/shared/lib/numbers";
import { StatusBadge } from "@/shared/parts/StatusBadge";
import { urls } from "@/shared/urls";

import { type GivenFile, handOver } from "../files";
import { useConfigActions } from "../queries";
import classes from "./ImportDialog.module.css";

/** Several files at once (V6): the names that they would get, one button, and what became of each. */
export function ImportDialog({ dialog }: { dialog: Dialog<GivenFile[]> }) {
  const [busy, setBusy] = useState(false);
  return (
    <Modal
      opened={dialog.opened}
      onClose={dialog.close}
      title={<Text fw={620}>Import {counted(dialog.subject?.length ?? 0, "file")}</Text>}
      size={680}
      closeOnClickOutside={false}
      closeOnEscape={!busy}
      withCloseButton={!busy}
    >
      <Import start={dialog.subject ?? []} busy={busy} onBusy={setBusy} onClose={dialog.close} />
    </Modal>
  );
}

type Row = GivenFile & { name: string; madeId: string | null };

type ImportProps = { start: GivenFile[]; busy: boolean; onBusy: (busy: boolean) => void; onClose: () => void };

function Import({ start, busy, onBusy, onClose }: ImportProps) {
  const [rows, setRows] = useState<Row[]>(() => start.map((file) => ({ ...file, name: file.taken?.name ?? "", madeId: null })));
  const { createEach } = useConfigActions();
  const change = (index: number, changed: Partial<Row>) =>
    setRows((before) => before.map((row, at) => (at === index ? { ...row, ...changed } : row)));
  const open = rows.filter((row) => row.taken && !row.madeId);
  const made = rows.filter((row) => row.madeId).length;
  const refused = open.filter((row) => row.problem).length;
  const makeThem = async () => {
    onBusy(true);
    const wanted = rows.flatMap((row, index) => (row.taken && !row.madeId ? [{ index, body: { name: row.name.trim(), toml: row.taken.text } }] : []));
    wanted.forEach(({ index }) => change(index, { problem: null }));
    await createEach.mutateAsync({
      bodies: wanted.map(({ body }) => body),
      onMade: (at, { id }) => change(wanted[at]!.index, { madeId: id }),
      onRefused: (at, problem) => change(wanted[at]!.index, { problem }),
    });
    onBusy(false);
  };
  return (
    <Stack>
      <ul className={classes.files} aria-label="Files">
        {rows.map((row, index) => (
          <FileRow key={index} row={row} busy={busy} onName={(name) => change(index, { name, problem: null })} />
        ))}
      </ul>
      <Text size="sm" c="dimmed" role="status">
        {[made > 0 && `${made} created`, refused > 0 && `${refused} not created`].filter(Boolean).join(", ")}
      </Text>
      <Group justify="flex-end" gap="xs">
        <Button variant="default" disabled={busy} onClick={onClose}>{made > 0 ? "Done" : "Cancel"}</Button>
        {open.length > 0 && (
          <Button data-autofocus loading={busy} disabled={open.some((row) => !row.name.trim())} onClick={() => void makeThem()}>
            {made + refused > 0 ? "Try again" : `Create ${counted(open.length, "configuration")}`}
          </Button>
        )}
      </Group>
    </Stack>
  );
}

function FileRow({ row, busy, onName }: { row: Row; busy: boolean; onName: (name: string) => void }) {
  const navigate = useNavigate();
  const edit = () => {
    handOver({ name: row.name.trim(), text: row.taken!.text });
    void navigate(urls.newConfig);
  };
  const reason = row.problem ? reasonOf(row.problem) : null;
  return (
    <li className={classes.file}>
      <span className={`tc-mono ${classes.fileName}`}>{row.fileName}</span>
      {row.madeId ? (
        <>
          <Anchor component={Link} className={classes.name} inherit to={urls.config(row.madeId)}>{row.name}</Anchor>
          <StatusBadge tone="ok">Created</StatusBadge>
        </>
      ) : row.taken ? (
        <>
          <TextInput
            className={classes.name}
            size="xs"
            aria-label={`Name for ${row.fileName}`}
            maxLength={100}
            disabled={busy}
            value={row.name}
            error={reason ?? (row.name.trim() ? null : "Give it a name")}
            onChange={(event) => onName(event.currentTarget.value)}
          />
          {reason && !busy && <Button size="xs" variant="default" leftSection={<IconPencil size={14} />} aria-label={`Edit ${row.fileName}`} onClick={edit}>Edit</Button>}
        </>
      ) : (
        <>
          <span className={classes.name} data-refused>{reason}</span>
          <StatusBadge tone="fail">Not taken</StatusBadge>
        </>
      )}
    </li>
  );
}

/** Why a file was refused; where a field is at fault, what is wrong with it. */
function reasonOf(problem: unknown): string {
  return (isApiError(problem) && problem.fields[0]?.problem) || messageOf(problem);
}
