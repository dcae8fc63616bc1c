export type FilterOption = { value: string; label: string };

/** Where a filter finds its options when there may be more than a page of them. */
export type FilterSource = {
  /** Begins with the name of the room whose things these are. */
  queryKey: readonly string[];
  /** Options that fit what is typed, the first page of them. */
  matching: (typed: string, signal: AbortSignal) => Promise<FilterOption[]>;
  /** What a value is called that stands in the address. */
  named: (value: string, signal: AbortSignal) => Promise<string>;
};

export type Filter = {
  /** As the API and the address call it. */
  name: string;
  label: string;
  /** Whether several values may be chosen. */
  multiple?: boolean;
} & ({ options: FilterOption[]; source?: never } | { source: FilterSource; options?: never });
