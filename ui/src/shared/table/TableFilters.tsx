import { Menu, UnstyledButton } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";

import classes from "./TableFilters.module.css";
import type { List } from "./use-list";

export type Filter = {
  /** As the API and the address call it. */
  name: string;
  label: string;
  options: { value: string; label: string }[];
  /** Whether several values may be chosen, any of which then fits. */
  multiple?: boolean;
};

/** Each filter is a chip: dashed while it is not set, then with its value and a cross to remove it. */
export function TableFilters({ list, filters }: { list: List; filters: Filter[] }) {
  return filters.map((filter) => <FilterChip key={filter.name} list={list} filter={filter} />);
}

function FilterChip({ list, filter }: { list: List; filter: Filter }) {
  const chosen = list.filters[filter.name] ?? [];
  const active = chosen.length > 0;
  const labels = chosen.map((value) => filter.options.find((option) => option.value === value)?.label ?? value);

  const Item = filter.multiple ? Menu.CheckboxItem : Menu.RadioItem;
  const toggle = (value: string) => {
    if (!filter.multiple) list.setFilter(filter.name, chosen.includes(value) ? [] : [value]);
    else list.setFilter(filter.name, chosen.includes(value) ? chosen.filter((one) => one !== value) : [...chosen, value]);
  };
  return (
    <span className={classes.chip} data-active={active || undefined}>
      <Menu position="bottom-start" closeOnItemClick={!filter.multiple}>
        <Menu.Target>
          <UnstyledButton className={classes.name} aria-label={`Filter by ${filter.label.toLowerCase()}`}>
            {!active && <IconPlus size={12} aria-hidden />}
            {filter.label}
            {active && <span className={classes.value}>{labels.join(", ")}</span>}
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown mah={320} style={{ overflowY: "auto" }}>
          {filter.options.map((option) => (
            <Item
              key={option.value}
              value={option.value}
              checked={chosen.includes(option.value)}
              closeMenuOnClick={!filter.multiple}
              onChange={() => toggle(option.value)}
            >
              {option.label}
            </Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      {active && (
        <UnstyledButton
          className={classes.remove}
          aria-label={`Remove filter ${filter.label.toLowerCase()} ${labels.join(", ")}`}
          onClick={() => list.setFilter(filter.name, [])}
        >
          <IconX size={13} aria-hidden />
        </UnstyledButton>
      )}
    </span>
  );
}
