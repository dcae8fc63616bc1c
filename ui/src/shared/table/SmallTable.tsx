import { VisuallyHidden } from "@mantine/core";
import type { ReactNode } from "react";

import classes from "./DataTable.module.css";
import { RowCheckbox } from "./RowCheckbox";

export type SmallColumn<T> = { key: string; header: string; cell: (row: T) => ReactNode; align?: "end" };

type SmallTableProps<T> = {
  /** What the rows are, in the plural: "Versions". */
  label: string;
  rows: T[];
  /** The first is the row's name. */
  columns: SmallColumn<T>[];
  rowKey: (row: T) => string;
  rowName: (row: T) => string;
  rowMenu?: (row: T) => ReactNode;
  choice?: { has: (row: T) => boolean; toggle: (row: T) => void };
};

/** A short table within a section: it looks like a list, also on a phone, and has nothing to search, sort or page. */
export function SmallTable<T>({ label, rows, columns, rowKey, rowName, rowMenu, choice }: SmallTableProps<T>) {
  return (
    <div className={classes.small}>
      <table className={classes.table} aria-label={label}>
        <thead>
          <tr>
            {choice && <th className={classes.check} scope="col"><VisuallyHidden>Choose</VisuallyHidden></th>}
            {columns.map((column) => <th key={column.key} className={column.align && classes.end} scope="col">{column.header}</th>)}
            {rowMenu && <th className={classes.actions} scope="col"><VisuallyHidden>Actions</VisuallyHidden></th>}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)} className={classes.row} data-chosen={choice?.has(row) || undefined} data-checkable={choice ? true : undefined}>
              {choice && (
                <td className={classes.check}>
                  <RowCheckbox label={`Choose ${rowName(row)}`} checked={choice.has(row)} onChange={() => choice.toggle(row)} />
                </td>
              )}
              {columns.map((column, index) => (
                <td key={column.key} className={column.align && classes.end} data-label={index === 0 ? undefined : column.header}>{column.cell(row)}</td>
              ))}
              {rowMenu && <td className={classes.actions}>{rowMenu(row)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
