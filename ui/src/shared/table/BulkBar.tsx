import { ActionIcon, Text } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import type { ReactNode } from "react";

import classes from "./DataTable.module.css";

/** Takes the toolbar's place while rows are chosen, so that nothing moves. */
export function BulkBar({ count, onClear, children }: { count: number; onClear: () => void; children: ReactNode }) {
  return (
    <div className={`${classes.toolbar} ${classes.bulk}`} role="toolbar" aria-label="Chosen rows">
      <ActionIcon size="sm" aria-label="Choose none" onClick={onClear}>
        <IconX size={15} />
      </ActionIcon>
      <Text size="sm" fw={550} mr="xs" aria-live="polite">
        {count} chosen
      </Text>
      {children}
    </div>
  );
}
