import { ActionIcon, Button, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useEffect, useState } from "react";

import { copyText } from "@/shared/lib/clipboard";

/** Copies a text and says so for a moment. `label` names what is copied: "token", "command". */
export function CopyButton({ text, label, wide = false }: { text: string; label: string; wide?: boolean }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1600);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = () => void copyText(text).then(setCopied);
  const Icon = copied ? IconCheck : IconCopy;
  const said = copied ? "Copied" : `Copy ${label}`;
  if (wide) {
    return (
      <Button size="xs" variant={copied ? "light" : "filled"} leftSection={<Icon size={14} />} onClick={copy}>
        <span aria-live="polite">{said}</span>
      </Button>
    );
  }
  return (
    <Tooltip label={said}>
      <ActionIcon size="sm" display="inline-flex" style={{ verticalAlign: "middle" }} color={copied ? "teal" : "gray"} aria-label={said} onClick={copy}>
        <Icon size={15} />
      </ActionIcon>
    </Tooltip>
  );
}
