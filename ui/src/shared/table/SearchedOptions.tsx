import { Combobox, Loader, ScrollArea, useCombobox } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconCheck } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { cloneElement, type ReactElement, useState } from "react";

import type { FilterSource } from "./filters";
import classes from "./TableFilters.module.css";

type SearchedOptionsProps = {
  source: FilterSource;
  /** What the options are: "Configuration". */
  label: string;
  chosen: string[];
  multiple?: boolean | undefined;
  onChoose: (value: string) => void;
  /** The button that opens the list. */
  children: ReactElement<{ onClick?: () => void; "aria-expanded"?: boolean; "aria-haspopup"?: "listbox" }>;
};

/** A list of options that the server searches while somebody types. */
export function SearchedOptions({ source, label, chosen, multiple, onChoose, children }: SearchedOptionsProps) {
  const [typed, setTyped] = useState("");
  const combobox = useCombobox({
    onDropdownOpen: () => combobox.focusSearchInput(),
    onDropdownClose: () => {
      combobox.resetSelectedOption();
      combobox.focusTarget();
      setTyped("");
    },
  });
  const choose = (value: string) => {
    onChoose(value);
    if (!multiple) combobox.closeDropdown();
  };
  return (
    <Combobox store={combobox} position="bottom-start" width={280} shadow="md" transitionProps={{ duration: 80 }} onOptionSubmit={choose}>
      <Combobox.Target withAriaAttributes={false}>
        {cloneElement(children, { onClick: () => combobox.toggleDropdown(), "aria-expanded": combobox.dropdownOpened, "aria-haspopup": "listbox" })}
      </Combobox.Target>
      <Combobox.Dropdown>
        <Combobox.Search value={typed} onChange={(event) => setTyped(event.currentTarget.value)} placeholder="Search" aria-label={`Search: ${label.toLowerCase()}`} />
        {combobox.dropdownOpened && <Options source={source} typed={typed.trim()} label={label} chosen={chosen} multiple={multiple} />}
      </Combobox.Dropdown>
    </Combobox>
  );
}

type OptionsProps = Pick<SearchedOptionsProps, "source" | "label" | "chosen" | "multiple"> & { typed: string };

function Options({ source, typed, label, chosen, multiple }: OptionsProps) {
  const [search] = useDebouncedValue(typed, 180);
  const found = useQuery({
    queryKey: [...source.queryKey, "matching", search],
    queryFn: ({ signal }) => source.matching(search, signal),
    placeholderData: keepPreviousData,
  });
  return (
    <Combobox.Options aria-label={label} aria-multiselectable={multiple || undefined}>
      <ScrollArea.Autosize mah={264} type="auto">
        {found.data?.map((option) => (
          <Combobox.Option key={option.value} value={option.value} selected={chosen.includes(option.value)} className={classes.option}>
            <span>{option.label}</span>
            {chosen.includes(option.value) && <IconCheck size={14} aria-hidden />}
          </Combobox.Option>
        ))}
      </ScrollArea.Autosize>
      {found.data?.length === 0 && <Combobox.Empty>{search ? "Nothing is called that." : "There are none yet."}</Combobox.Empty>}
      {found.isPending && <Combobox.Empty><Loader size="xs" type="dots" /></Combobox.Empty>}
      {found.isError && !found.data && <Combobox.Empty role="alert">They could not be loaded.</Combobox.Empty>}
    </Combobox.Options>
  );
}
