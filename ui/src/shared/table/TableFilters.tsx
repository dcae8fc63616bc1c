import { Menu, UnstyledButton } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { useQueries } from "@tanstack/react-query";
import { type ComponentPropsWithRef, memo, type ReactNode } from "react";

import type { Filter, FilterOption, FilterSource } from "./filters";
import { SearchedOptions } from "./SearchedOptions";
import classes from "./TableFilters.module.css";
import type { List } from "./use-list";

/** Each filter is a chip: dashed while it is not set, then with its value and a cross to remove it. */
export function TableFilters({ list, filters }: { list: List; filters: Filter[] }) {
  return filters.map((filter) => {
    const props = { filter, chosen: list.filters[filter.name] ?? NONE, setFilter: list.setFilter };
    return filter.source ? (
      <SearchedFilter key={filter.name} {...props} source={filter.source} />
    ) : (
      <MenuFilter key={filter.name} {...props} options={filter.options} />
    );
  });
}

const NONE: string[] = [];

type FilterProps = { filter: Filter; chosen: string[]; setFilter: List["setFilter"] };

/** Whether a filter shows what it showed, though the address is another: most of its changes are not about this filter. */
function isSame(before: FilterProps, after: FilterProps) {
  return before.filter === after.filter && before.setFilter === after.setFilter && before.chosen.join("\n") === after.chosen.join("\n");
}

/** A filter with few options, all of them in a menu. */
const MenuFilter = memo(function MenuFilter({ filter, chosen, setFilter, options }: FilterProps & { options: FilterOption[] }) {
  const labels = chosen.map((value) => options.find((option) => option.value === value)?.label ?? value);
  const Item = filter.multiple ? Menu.CheckboxItem : Menu.RadioItem;
  return (
    <Chip filter={filter} labels={labels} setFilter={setFilter}>
      <Menu position="bottom-start" closeOnItemClick={!filter.multiple}>
        <Menu.Target><ChipButton label={filter.label} labels={labels} /></Menu.Target>
        <Menu.Dropdown mah={320} style={{ overflowY: "auto" }}>
          {options.map((option) => (
            <Item
              key={option.value}
              value={option.value}
              checked={chosen.includes(option.value)}
              closeMenuOnClick={!filter.multiple}
              onChange={() => setFilter(filter.name, toggled(filter, chosen, option.value))}
            >
              {option.label}
            </Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </Chip>
  );
}, isSame);

/** A filter with options beyond number, which the server searches. */
const SearchedFilter = memo(function SearchedFilter({ filter, chosen, setFilter, source }: FilterProps & { source: FilterSource }) {
  const names = useQueries({
    queries: chosen.map((value) => ({
      queryKey: [...source.queryKey, "named", value],
      queryFn: ({ signal }: { signal: AbortSignal }) => source.named(value, signal),
      staleTime: 60_000,
    })),
  });
  // A moment's space rather than an id that turns into a name; the value itself where nothing is called that any more.
  const labels = chosen.map((value, index) => names[index]?.data ?? (names[index]?.isPending ? "…" : value));
  return (
    <Chip filter={filter} labels={labels} setFilter={setFilter}>
      <SearchedOptions source={source} label={filter.label} chosen={chosen} multiple={filter.multiple} onChoose={(value) => setFilter(filter.name, toggled(filter, chosen, value))}>
        <ChipButton label={filter.label} labels={labels} />
      </SearchedOptions>
    </Chip>
  );
}, isSame);

function toggled(filter: Filter, chosen: string[], value: string): string[] {
  const without = chosen.filter((one) => one !== value);
  return without.length < chosen.length ? without : filter.multiple ? [...chosen, value] : [value];
}

type ChipProps = { filter: Filter; labels: string[]; setFilter: List["setFilter"]; children: ReactNode };

function Chip({ filter, labels, setFilter, children }: ChipProps) {
  const active = labels.length > 0;
  return (
    <span className={classes.chip} data-active={active || undefined}>
      {children}
      {active && (
        <UnstyledButton
          className={classes.remove}
          aria-label={`Remove filter ${filter.label.toLowerCase()} ${labels.join(", ")}`}
          onClick={(event) => {
            // The cross goes away with the filter: the focus stays at the chip.
            event.currentTarget.parentElement?.querySelector("button")?.focus();
            setFilter(filter.name, []);
          }}
        >
          <IconX size={13} aria-hidden />
        </UnstyledButton>
      )}
    </span>
  );
}

type ChipButtonProps = Omit<ComponentPropsWithRef<"button">, "children"> & { label: string; labels: string[] };

function ChipButton({ label, labels, className = "", ...props }: ChipButtonProps) {
  return (
    <UnstyledButton {...props} className={`${classes.name} ${className}`} aria-label={`Filter by ${label.toLowerCase()}${labels.length ? `: ${labels.join(", ")}` : ""}`}>
      {labels.length === 0 && <IconPlus size={12} aria-hidden />}
      {label}
      {labels.length > 0 && <span className={classes.value}>{labels.join(", ")}</span>}
    </UnstyledButton>
  );
}
