import { useCallback, useMemo } from "react";
import { useNavigate, useSearchParams } from "react-router";

import { changedListState, type ListDefaults, type ListState, readListState, writeListState } from "@/shared/lib/list-state";

export type List = ListState & {
  /** `replace` leaves no step behind for the Back button, as while typing. */
  change: (change: Partial<ListState>, options?: { replace?: boolean }) => void;
  setFilter: (name: string, values: string[]) => void;
  clear: () => void;
  isFiltered: boolean;
};

/** The state of a list, kept in the address. `defaults` must be one constant of the module. */
export function useList(defaults: ListDefaults): List {
  const [address] = useSearchParams();
  // Its own functions stay the same over navigations, those of `useSearchParams` do not.
  const navigate = useNavigate();
  const state = useMemo(() => readListState(address, defaults), [address, defaults]);

  const change = useCallback<List["change"]>(
    (wanted, options) => {
      const now = addressNow();
      const next = writeListState(changedListState(readListState(now, defaults), wanted), defaults, now);
      void navigate({ search: next.toString() }, { preventScrollReset: true, ...options });
    },
    [navigate, defaults],
  );
  const setFilter = useCallback<List["setFilter"]>(
    (name, values) => change({ filters: { ...readListState(addressNow(), defaults).filters, [name]: values } }),
    [change, defaults],
  );
  const clear = useCallback(() => change({ search: "", filters: {} }), [change]);
  const isFiltered = state.search !== "" || Object.values(state.filters).some((values) => values.length > 0);
  return { ...state, change, setFilter, clear, isFiltered };
}

/** Not the address of the last render: a search that waits for a pause in typing must not undo a filter chosen meanwhile. */
function addressNow(): URLSearchParams {
  return new URLSearchParams(window.location.search);
}
