import { useCallback, useState } from "react";

export type Selection<T> = {
  /** The chosen rows by key, also those of other pages. */
  rows: ReadonlyMap<string, T>;
  toggle: (rows: [key: string, row: T][], chosen: boolean) => void;
  clear: () => void;
};

export function useSelection<T>(): Selection<T> {
  const [rows, setRows] = useState<ReadonlyMap<string, T>>(new Map());
  const toggle = useCallback((wanted: [string, T][], chosen: boolean) => {
    setRows((before) => {
      const after = new Map(before);
      for (const [key, row] of wanted) {
        if (chosen) after.set(key, row);
        else after.delete(key);
      }
      return after;
    });
  }, []);
  const clear = useCallback(() => setRows(new Map()), []);
  return { rows, toggle, clear };
}
