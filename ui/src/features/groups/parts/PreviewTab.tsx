import { Button } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";

import type { Group } from "@/api/types";
import { TomlView } from "@/features/configs/offered";
import { downloadText, safeFileName } from "@/shared/lib/files";
import { Section } from "@/shared/parts/Section";
import { Loading, LoadError } from "@/shared/parts/states";

import { groupPreviewQuery } from "../queries";
import { GroupProblems } from "./GroupProblems";

/** The merged text, placeholders as their authors wrote them (G1). */
export function PreviewTab({ group }: { group: Group }) {
  const preview = useQuery(groupPreviewQuery(group.id));
  if (preview.isError && !preview.data) return <LoadError what="the preview" error={preview.error} onRetry={() => void preview.refetch()} />;
  if (!preview.data) return <Loading />;
  const { toml, problems } = preview.data;
  const download = (
    <Button size="xs" variant="default" leftSection={<IconDownload size={14} />} onClick={() => downloadText(`${safeFileName(group.name)}.toml`, toml)}>
      Download
    </Button>
  );
  return (
    <>
      <Section title="Merged text" lead="What agents get, before parameters and constants are filled in." actions={download}>
        <TomlView key={toml} text={toml} label="Merged text" />
      </Section>
      <GroupProblems problems={problems} />
    </>
  );
}
