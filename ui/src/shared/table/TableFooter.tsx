import { ActionIcon, Group, NativeSelect } from "@mantine/core";
import { IconChevronLeft, IconChevronRight, IconChevronsLeft, IconChevronsRight } from "@tabler/icons-react";

import { PAGE_SIZES } from "@/shared/lib/list-state";
import { countText } from "@/shared/lib/numbers";

import classes from "./DataTable.module.css";
import type { List } from "./use-list";

/** What part of how much is shown, and the way to the rest. */
export function TableFooter({ list, total }: { list: List; total: number }) {
  const pages = Math.max(1, Math.ceil(total / list.limit));
  const first = total === 0 ? 0 : (list.page - 1) * list.limit + 1;
  const last = Math.min(total, list.page * list.limit);
  const step = (label: string, Icon: typeof IconChevronLeft, page: number, possible: boolean) => (
    <ActionIcon size="sm" aria-label={label} disabled={!possible} onClick={() => list.change({ page })}>
      <Icon size={16} />
    </ActionIcon>
  );
  return (
    <nav className={classes.footer} aria-label="Pages">
      <span aria-live="polite">
        {last < first ? `${countText(total)} in all` : `${countText(first)}–${countText(last)} of ${countText(total)}`}
      </span>
      <div className={classes.spacer} />
      {total > PAGE_SIZES[0]! && (
        <label className={classes.sizes}>
          Rows
          <NativeSelect
            size="xs"
            data={PAGE_SIZES.map(String)}
            value={String(list.limit)}
            onChange={(event) => list.change({ limit: Number(event.currentTarget.value) })}
          />
        </label>
      )}
      {pages > 1 && (
        <Group gap={2}>
          {step("First page", IconChevronsLeft, 1, list.page > 1)}
          {step("Previous page", IconChevronLeft, list.page - 1, list.page > 1)}
          <span>
            Page {countText(list.page)} of {countText(pages)}
          </span>
          {step("Next page", IconChevronRight, list.page + 1, list.page < pages)}
          {step("Last page", IconChevronsRight, pages, list.page < pages)}
        </Group>
      )}
    </nav>
  );
}
