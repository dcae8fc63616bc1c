export type SortOrder = "asc" | "desc";

/** What a list shows, as its address says it. */
export type ListState = {
  page: number;
  limit: number;
  search: string;
  sortBy: string;
  sortOrder: SortOrder;
  filters: Record<string, string[]>;
};

/** What a list shows when its address says nothing, and which filters it has. */
export type ListDefaults = { sortBy: string; sortOrder: SortOrder; filters: readonly string[] };

export const PAGE_SIZES = [25, 50, 100, 200];

export function readListState(address: URLSearchParams, defaults: ListDefaults): ListState {
  const limit = Number(address.get("limit"));
  const order = address.get("sortOrder");
  return {
    page: Math.max(1, Math.trunc(Number(address.get("page"))) || 1),
    limit: PAGE_SIZES.includes(limit) ? limit : 25,
    search: address.get("search") ?? "",
    sortBy: address.get("sortBy") ?? defaults.sortBy,
    sortOrder: order === "asc" || order === "desc" ? order : defaults.sortOrder,
    filters: Object.fromEntries(defaults.filters.map((name) => [name, address.getAll(name)])),
  };
}

/** The address for a state; what equals the defaults is left out, what is not of the list stays. */
export function writeListState(state: ListState, defaults: ListDefaults, address: URLSearchParams): URLSearchParams {
  const written = new URLSearchParams(address);
  const put = (name: string, value: string, without: string) =>
    value === without ? written.delete(name) : written.set(name, value);
  put("page", String(state.page), "1");
  put("limit", String(state.limit), "25");
  put("search", state.search, "");
  put("sortBy", state.sortBy, defaults.sortBy);
  put("sortOrder", state.sortOrder, defaults.sortOrder);
  for (const name of defaults.filters) {
    written.delete(name);
    for (const value of state.filters[name] ?? []) written.append(name, value);
  }
  return written;
}

/** Change a list's state. Another order or filter begins at the first page again: what was there is elsewhere now. */
export function changedListState(state: ListState, change: Partial<ListState>): ListState {
  return { ...state, page: 1, ...change };
}
