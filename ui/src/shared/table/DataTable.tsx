import { Button, Checkbox, UnstyledButton, VisuallyHidden } from "@mantine/core";
import { IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import type { UseQueryResult } from "@tanstack/react-query";
import { memo, type MouseEvent, type ReactNode, useCallback } from "react";
import { Link, useNavigate } from "react-router";

import type { Page } from "@/api/types";
import { EmptyState, LoadError } from "@/shared/parts/states";

import { BulkBar } from "./BulkBar";
import classes from "./DataTable.module.css";
import type { Filter } from "./filters";
import { RowCheckbox } from "./RowCheckbox";
import { TableFilters } from "./TableFilters";
import { TableFooter } from "./TableFooter";
import { TableSearch } from "./TableSearch";
import { TableSkeleton } from "./TableSkeleton";
import type { List } from "./use-list";
import type { Selection } from "./use-selection";

export type Column<T> = {
  key: string;
  header: string;
  cell: (row: T) => ReactNode;
  /** What the API calls this order; a column without it cannot be sorted. */
  sortBy?: string;
  align?: "end";
};

export type DataTableProps<T> = {
  /** What the rows are, in the plural: "API tokens". */
  label: string;
  list: List;
  query: UseQueryResult<Page<T>>;
  /** The first is the row's name; it carries the link. */
  columns: Column<T>[];
  rowKey: (row: T) => string;
  rowName: (row: T) => string;
  rowHref?: (row: T) => string;
  rowMenu?: (row: T) => ReactNode;
  /** Placeholder of the search field; without it there is none. */
  search?: string;
  filters?: Filter[];
  toolbar?: ReactNode;
  selection?: Selection<T>;
  /** Shows rows as cards instead of a table. */
  card?: (row: T) => ReactNode;
  /** What can be done with the chosen rows. */
  bulk?: ReactNode;
  /** What to say and do when there is nothing at all yet. */
  empty: { title: string; text: string; icon?: ReactNode; action?: ReactNode };
};

/** A list of the server: searched, filtered, sorted and paged there, with the state in the address. */
export function DataTable<T>(props: DataTableProps<T>) {
  const { list, query, selection } = props;
  const hasTools = props.search !== undefined || props.filters !== undefined || props.toolbar !== undefined;
  const chosen = selection?.rows.size ?? 0;
  const isEmpty = query.data?.total === 0;
  if (isEmpty && !list.isFiltered) {
    return (
      <section className={classes.frame} aria-label={props.label}>
        <EmptyState {...props.empty} />
      </section>
    );
  }
  return (
    <section className={classes.frame} aria-label={props.label} aria-busy={query.isFetching}>
      {selection && chosen > 0 ? (
        <BulkBar count={chosen} onClear={selection.clear}>{props.bulk}</BulkBar>
      ) : hasTools ? (
        <div className={classes.toolbar}>
          {props.search !== undefined && <TableSearch list={list} placeholder={props.search} />}
          {props.filters && <TableFilters list={list} filters={props.filters} />}
          <div className={classes.spacer} />
          {props.toolbar}
        </div>
      ) : null}
      {query.isFetching && query.isPlaceholderData && <div className={classes.progress} />}
      <Body {...props} />
      {query.data && query.data.total > 0 && !query.isError && <TableFooter list={list} total={query.data.total} />}
    </section>
  );
}

function Body<T>(props: DataTableProps<T>) {
  const { query, list } = props;
  if (query.isError && !query.data) {
    return <LoadError what={props.label} error={query.error} onRetry={() => void query.refetch()} />;
  }
  if (query.data?.items.length === 0) {
    return (
      <EmptyState
        title={`No ${props.label} match`}
        text="Nothing fits the search and filters that are set."
        action={<Button size="xs" variant="default" onClick={list.clear}>Clear search and filters</Button>}
      />
    );
  }
  if (props.card && query.data) {
    return (
      <ul className={classes.cards} aria-label={props.label}>
        {query.data.items.map((row) => <li key={props.rowKey(row)}>{props.card!(row)}</li>)}
      </ul>
    );
  }
  return (
    <div className={classes.scroll}>
      <table className={classes.table} aria-label={props.label}>
        <thead>
          <Head {...props} rows={query.data?.items ?? []} />
        </thead>
        <tbody className={query.isPlaceholderData ? classes.stale : undefined}>
          {query.data ? (
            <Rows {...props} rows={query.data.items} />
          ) : (
            <TableSkeleton columns={props.columns.length} selectable={!!props.selection} hasMenu={!!props.rowMenu} />
          )}
        </tbody>
      </table>
    </div>
  );
}

function Head<T>(props: DataTableProps<T> & { rows: T[] }) {
  const { selection, rows } = props;
  const chosen = rows.filter((row) => selection?.rows.has(props.rowKey(row))).length;
  return (
    <tr>
      {selection && (
        <th className={classes.check} scope="col">
          <Checkbox
            aria-label={`Choose all ${props.label} of this page`}
            checked={rows.length > 0 && chosen === rows.length}
            indeterminate={chosen > 0 && chosen < rows.length}
            onChange={(event) =>
              selection.toggle(rows.map((row) => [props.rowKey(row), row]), event.currentTarget.checked)
            }
          />
        </th>
      )}
      {props.columns.map((column) => (
        <HeaderCell key={column.key} column={column} list={props.list} />
      ))}
      {props.rowMenu && (
        <th className={classes.actions} scope="col"><VisuallyHidden>Actions</VisuallyHidden></th>
      )}
    </tr>
  );
}

function HeaderCell<T>({ column, list }: { column: Column<T>; list: List }) {
  const className = column.align === "end" ? classes.end : undefined;
  if (!column.sortBy) {
    return <th className={className} scope="col">{column.header}</th>;
  }
  const active = list.sortBy === column.sortBy;
  const descending = active && list.sortOrder === "desc";
  const Arrow = descending ? IconArrowDown : IconArrowUp;
  const next = { sortBy: column.sortBy, sortOrder: active && !descending ? "desc" : "asc" } as const;
  return (
    <th className={className} scope="col" aria-sort={active ? (descending ? "descending" : "ascending") : "none"}>
      <UnstyledButton className={classes.sort} data-active={active || undefined} onClick={() => list.change(next)}>
        {column.header}
        <Arrow size={13} aria-hidden />
      </UnstyledButton>
    </th>
  );
}

function Rows<T>(props: DataTableProps<T> & { rows: T[] }) {
  const { rowKey, selection } = props;
  const navigate = useNavigate();
  const open = useCallback((href: string) => void navigate(href), [navigate]);
  const toggle = selection?.toggle;
  const choose = useCallback((row: T, chosen: boolean) => toggle?.([[rowKey(row), row]], chosen), [toggle, rowKey]);
  return props.rows.map((row) => (
    <Row
      key={rowKey(row)}
      row={row}
      columns={props.columns}
      name={props.rowName(row)}
      href={props.rowHref?.(row)}
      menu={props.rowMenu}
      choose={selection && choose}
      chosen={selection?.rows.has(rowKey(row)) ?? false}
      open={open}
    />
  ));
}

type RowProps<T> = {
  row: T;
  columns: Column<T>[];
  name: string;
  href: string | undefined;
  menu: ((row: T) => ReactNode) | undefined;
  /** Undefined where rows cannot be chosen. */
  choose: ((row: T, chosen: boolean) => void) | undefined;
  chosen: boolean;
  open: (href: string) => void;
};

/** Rendered again only when something about it is another: most of what happens to a list leaves its rows as they are. */
const Row = memo(function Row<T>({ row, columns, name, href, menu, choose, chosen, open }: RowProps<T>) {
  const press = (event: MouseEvent<HTMLElement>) => {
    // The link in the first cell is what keyboards and new tabs use; the rest of the row is a convenience for the mouse.
    const target = event.target as HTMLElement;
    if (!href || target.closest("a, button, input, label, [role=menu]") || getSelection()?.toString()) return;
    open(href);
  };
  return (
    <tr
      className={classes.row}
      data-link={href ? true : undefined}
      data-chosen={chosen || undefined}
      data-checkable={choose ? true : undefined}
      onClick={press}
    >
      {choose && (
        <td className={classes.check}>
          <RowCheckbox label={`Choose ${name}`} checked={chosen} onChange={(wanted) => choose(row, wanted)} />
        </td>
      )}
      {columns.map((column, index) => (
        <td
          key={column.key}
          className={column.align === "end" ? classes.end : undefined}
          data-label={index === 0 ? undefined : column.header}
        >
          {index === 0 && href ? <Link className={classes.primary} to={href}>{column.cell(row)}</Link> : column.cell(row)}
        </td>
      ))}
      {menu && <td className={classes.actions}>{menu(row)}</td>}
    </tr>
  );
}) as <T>(props: RowProps<T>) => ReactNode;
