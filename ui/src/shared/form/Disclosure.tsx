import { UnstyledButton } from "@mantine/core";
import { IconChevronRight } from "@tabler/icons-react";
import { type ReactNode, useId, useState } from "react";

import classes from "./Disclosure.module.css";

/** Fields that few people need, behind one line. `open` shows them whatever was chosen, as when one has an error. */
export function Disclosure({ label, open = false, children }: { label: string; open?: boolean; children: ReactNode }) {
  const id = useId();
  const [chosen, setChosen] = useState(false);
  const shown = chosen || open;
  return (
    <div>
      <UnstyledButton className={classes.button} aria-expanded={shown} aria-controls={id} onClick={() => setChosen(!shown)}>
        <IconChevronRight size={15} aria-hidden />
        {label}
      </UnstyledButton>
      <div id={id} hidden={!shown}>
        <div className={classes.content}>{children}</div>
      </div>
    </div>
  );
}
