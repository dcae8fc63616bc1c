import { Skeleton } from "@mantine/core";

import classes from "./DataTable.module.css";

const WIDTHS = [148, 96, 120, 72, 104, 88];

/** Rows that are still to come, in the height of real ones. */
export function TableSkeleton(props: { columns: number; selectable: boolean; hasMenu: boolean }) {
  return Array.from({ length: 8 }, (_, row) => (
    <tr key={row} className={classes.row}>
      {props.selectable && <td className={classes.check} />}
      {Array.from({ length: props.columns }, (_, column) => (
        <td key={column}>
          <Skeleton height={10} width={WIDTHS[(row + column * 2) % WIDTHS.length]} maw="90%" />
        </td>
      ))}
      {props.hasMenu && <td className={classes.actions} />}
    </tr>
  ));
}
