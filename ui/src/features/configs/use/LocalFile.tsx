import { Button, Group } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useState } from "react";

import { FormError } from "@/shared/form/FormError";
import { downloadText } from "@/shared/lib/files";
import { Notice } from "@/shared/parts/Notice";

import { servedText } from "../queries";
import type { Served } from "./served";

type LocalFileProps = { served: Served; name: string; parameters: Record<string, string>; missing: string[] };

/** The way for machines that cannot reach the controller, or must not depend on it: the text as an agent would get it. */
export function LocalFile({ served, name, parameters, missing }: LocalFileProps) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const download = async () => {
    setBusy(true);
    setError(null);
    try {
      downloadText(name, await servedText(served, parameters));
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Notice tone="info">
        The file holds what is served now, with parameters and constants filled in. Later changes do not reach the agent.
        <Group mt={8}>
          <Button size="xs" variant="default" leftSection={<IconDownload size={14} />} loading={busy} disabled={missing.length > 0} onClick={() => void download()}>
            Download {name}
          </Button>
        </Group>
      </Notice>
      <FormError error={error} />
    </>
  );
}
