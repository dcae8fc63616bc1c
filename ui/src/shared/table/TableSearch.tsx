import { CloseButton, Kbd, TextInput } from "@mantine/core";
import { useDebouncedCallback, useHotkeys } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useRef, useState } from "react";

import classes from "./DataTable.module.css";
import type { List } from "./use-list";

/** Longer than between the keys of somebody who types fast; what comes of it is there within 300 ms of the last. */
const PAUSE_MS = 120;

/** Searches while typing, a moment after the last key; `/` jumps here. */
export function TableSearch({ list, placeholder }: { list: List; placeholder: string }) {
  const field = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState(list.search);
  const [told, setTold] = useState(list.search);
  // The address may change without this field: by the Back button, or by "Clear search and filters".
  if (list.search !== told) {
    setTold(list.search);
    setTyped(list.search);
  }
  const tell = useDebouncedCallback((search: string) => {
    setTold(search);
    list.change({ search }, { replace: true });
  }, PAUSE_MS);
  const type = (search: string) => {
    setTyped(search);
    tell(search);
  };
  useHotkeys([["/", () => field.current?.focus()]]);
  return (
    <TextInput
      ref={field}
      type="search"
      size="xs"
      className={classes.search}
      placeholder={placeholder}
      aria-label={placeholder}
      value={typed}
      onChange={(event) => type(event.currentTarget.value)}
      leftSection={<IconSearch size={14} />}
      rightSection={
        typed ? (
          <CloseButton size="xs" aria-label="Clear search" onClick={() => type("")} />
        ) : (
          <Kbd size="xs" aria-hidden visibleFrom="sm">/</Kbd>
        )
      }
    />
  );
}
