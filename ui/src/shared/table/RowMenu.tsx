import { Menu } from "@mantine/core";
import { IconDots } from "@tabler/icons-react";
import { type ReactNode, type Ref, type SyntheticEvent, useId, useImperativeHandle, useState } from "react";

import classes from "./DataTable.module.css";

/** What can be done with a row, behind three dots. The menu is made when somebody comes near: a page has many rows. */
export function RowMenu({ label, children }: { label: string; children: ReactNode }) {
  const id = useId();
  const [button, setButton] = useState<HTMLButtonElement | null>(null);
  const [opened, setOpened] = useState(false);
  const approach = (event: SyntheticEvent<HTMLButtonElement>) => setButton(event.currentTarget);
  const press = (event: SyntheticEvent<HTMLButtonElement>) => {
    approach(event);
    setOpened(!opened);
  };
  return (
    <>
      <button
        type="button"
        id={id}
        className={`mantine-focus-auto ${classes.dots}`}
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={opened}
        aria-controls={opened ? `${id}-dropdown` : undefined}
        onPointerEnter={approach}
        onFocus={approach}
        onClick={press}
      >
        <IconDots size={17} />
      </button>
      {button && (
        <Menu id={id} opened={opened} onChange={setOpened}>
          <Menu.Target><At element={button} /></Menu.Target>
          <Menu.Dropdown>{children}</Menu.Dropdown>
        </Menu>
      )}
    </>
  );
}

/** Stands for an element that is elsewhere, as the place of the menu. */
function At({ element, ref }: { element: HTMLElement; ref?: Ref<HTMLElement> }) {
  useImperativeHandle(ref, () => element, [element]);
  return null;
}
