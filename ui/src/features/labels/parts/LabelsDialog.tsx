import { Button, Checkbox, Group, Modal, ScrollArea, Stack, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";

import type { LabelTag } from "@/api/types";
import { FormError } from "@/shared/form/FormError";
import { LabelChip } from "@/shared/parts/LabelChips";
import { Loading } from "@/shared/parts/states";
import { urls } from "@/shared/urls";

import { labelChoicesQuery } from "../queries";

/** Things that carry labels, by what they carry: ticked where all do, half where some do. */
type Carrier = { id: string; labels: LabelTag[] };

type LabelsDialogProps = {
  opened: boolean;
  onClose: () => void;
  title: string;
  carriers: Carrier[];
  /** Put labels on everything, or take them off. */
  onChange: (change: { labelIds: string[]; add: boolean }) => Promise<unknown>;
};

/** Puts labels on one or many things and takes them off. */
export function LabelsDialog({ opened, onClose, title, ...props }: LabelsDialogProps) {
  return (
    <Modal opened={opened} onClose={onClose} title={<Text fw={620}>{title}</Text>} size={420}>
      <LabelsForm onClose={onClose} {...props} />
    </Modal>
  );
}

type State = "all" | "some" | "none";

function LabelsForm({ carriers, onChange, onClose }: Omit<LabelsDialogProps, "opened" | "title">) {
  const labels = useQuery(labelChoicesQuery);
  const [search, setSearch] = useState("");
  const [wanted, setWanted] = useState<ReadonlyMap<string, boolean>>(new Map());
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);

  const carried = (id: string): State => {
    const count = carriers.filter((one) => one.labels.some((label) => label.id === id)).length;
    return count === 0 ? "none" : count === carriers.length ? "all" : "some";
  };
  const save = async () => {
    setBusy(true);
    setError(null);
    try {
      for (const add of [true, false]) {
        const labelIds = [...wanted].filter(([id, chosen]) => chosen === add && carried(id) !== (add ? "all" : "none"));
        if (labelIds.length) await onChange({ labelIds: labelIds.map(([id]) => id), add });
      }
      onClose();
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  if (!labels.data) return labels.isError ? <FormError error={labels.error} /> : <Loading />;
  if (labels.data.length === 0) {
    return <Text size="sm">There are no labels yet. <Link to={urls.labels}>Make one</Link>.</Text>;
  }
  const shown = labels.data.filter((label) => label.name.toLowerCase().includes(search.toLowerCase()));
  return (
    <Stack gap="sm">
      {labels.data.length > 8 && (
        <TextInput size="xs" placeholder="Search labels" aria-label="Search labels" value={search} onChange={(event) => setSearch(event.currentTarget.value)} />
      )}
      <ScrollArea.Autosize mah={320}>
        <Stack gap={8} py={4}>
          {shown.map((label) => {
            const state = carried(label.id);
            const choice = wanted.get(label.id);
            return (
              <Checkbox
                key={label.id}
                checked={choice ?? state === "all"}
                indeterminate={choice === undefined && state === "some"}
                onChange={(event) => setWanted(new Map(wanted).set(label.id, event.currentTarget.checked))}
                label={<LabelChip label={label} />}
              />
            );
          })}
        </Stack>
      </ScrollArea.Autosize>
      <FormError error={error} />
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={onClose}>Cancel</Button>
        <Button loading={busy} disabled={wanted.size === 0} onClick={() => void save()}>Save</Button>
      </Group>
    </Stack>
  );
}
