import { Menu, UnstyledButton } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { useQueries } from "@tanstack/react-query";
import type { ComponentPropsWithRef, ReactNode } from "react";

import type { Filter, FilterOption, FilterSource } from "./filters";
import { SearchedOptions } from "./SearchedOptions";
import classes from "./TableFilters.module.css";
import type { List } from "./use-list";

/** Each filter is a chip: dashed while it is not set, then with its value and a cross to remove it. */
export function TableFilters({ list, filters }: { list: List; filters: Filter[] }) {
  return filters.map((filter) =>
    filter.source ? (
      <SearchedFilter key={filter.name} list={list} filter={filter} source={filter.source} />
    ) : (
      <MenuFilter key={filter.name} list={list} filter={filter} options={filter.options} />
    ),
  );
}

/** A filter with few options, all of them in a menu. */
function MenuFilter({ list, filter, options }: { list: List; filter: Filter; options: FilterOption[] }) {
  const chosen = list.filters[filter.name] ?? [];
  const labels = chosen.map((value) => options.find((option) => option.value === value)?.label ?? value);
  const Item = filter.multiple ? Menu.CheckboxItem : Menu.RadioItem;
  return (
    <Chip list={list} filter={filter} labels={labels}>
      <Menu position="bottom-start" closeOnItemClick={!filter.multiple}>
        <Menu.Target><ChipButton label={filter.label} labels={labels} /></Menu.Target>
        <Menu.Dropdown mah={320} style={{ overflowY: "auto" }}>
          {options.map((option) => (
            <Item
              key={option.value}
              value={option.value}
              checked={chosen.includes(option.value)}
              closeMenuOnClick={!filter.multiple}
              onChange={() => toggle(list, filter, option.value)}
            >
              {option.label}
            </Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </Chip>
  );
}

/** A filter with options beyond number, which the server searches. */
function SearchedFilter({ list, filter, source }: { list: List; filter: Filter; source: FilterSource }) {
  const chosen = list.filters[filter.name] ?? [];
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
    <Chip list={list} filter={filter} labels={labels}>
      <SearchedOptions source={source} label={filter.label} chosen={chosen} multiple={filter.multiple} onChoose={(value) => toggle(list, filter, value)}>
        <ChipButton label={filter.label} labels={labels} />
      </SearchedOptions>
    </Chip>
  );
}

function toggle(list: List, filter: Filter, value: string) {
  const chosen = list.filters[filter.name] ?? [];
  const without = chosen.filter((one) => one !== value);
  list.setFilter(filter.name, without.length < chosen.length ? without : filter.multiple ? [...chosen, value] : [value]);
}

type ChipProps = { list: List; filter: Filter; labels: string[]; children: ReactNode };

function Chip({ list, filter, labels, children }: ChipProps) {
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
            list.setFilter(filter.name, []);
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
