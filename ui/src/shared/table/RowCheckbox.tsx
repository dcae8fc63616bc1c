import { CheckIcon, Checkbox } from "@mantine/core";

import classes from "./DataTable.module.css";

type RowCheckboxProps = { label: string; checked: boolean; onChange: (checked: boolean) => void };

/** Looks like a Checkbox, and costs a page of rows a tenth of it. */
export function RowCheckbox({ label, checked, onChange }: RowCheckboxProps) {
  const { inner, input, icon } = Checkbox.classes;
  return (
    <div className={`${inner!} ${classes.choice}`}>
      <input
        type="checkbox"
        className={`mantine-focus-auto ${input!}`}
        aria-label={label}
        checked={checked}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <CheckIcon className={icon} aria-hidden />
    </div>
  );
}
