import { Checkbox } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";

import type { PermissionTable } from "@/api/types";

import classes from "./PermissionGrid.module.css";
import { ACTIONS, type Action, resourceLabel, withPermissions } from "./permissions";

type GridProps = {
  table: PermissionTable;
  value: string[];
  onChange: (permissions: string[]) => void;
};

/** Permissions as a grid: resources down, actions across, with "all" for a row and for a column. */
export function PermissionGrid({ table, value, onChange }: GridProps) {
  // What the role does not grant could not be given on either, so it is not offered.
  const rows = table.resources.filter((row) => row.granted.length > 0);
  const set = (permissions: string[], chosen: boolean) =>
    onChange(withPermissions(value, permissions, chosen, table.permissions));
  const box = (label: string, permissions: string[]) => {
    const held = permissions.filter((permission) => value.includes(permission)).length;
    return (
      <Checkbox
        aria-label={label}
        checked={held > 0 && held === permissions.length}
        indeterminate={held > 0 && held < permissions.length}
        onChange={(event) => set(permissions, event.currentTarget.checked)}
      />
    );
  };
  const column = (action: Action) => table.permissions.filter((permission) => permission.endsWith(`:${action}`));
  return (
    <table className={classes.grid} aria-label="Permissions">
      <thead>
        <tr>
          <th scope="col">Resource</th>
          {ACTIONS.map((action) => <th key={action} scope="col">{action}</th>)}
          <th scope="col">all</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.resource}>
            <th scope="row">{resourceLabel(row.resource)}</th>
            {ACTIONS.map((action) => (
              <td key={action}>
                {row.granted.includes(action)
                  ? box(`${resourceLabel(row.resource)}: ${action}`, [`${row.resource}:${action}`])
                  : <span className={classes.no} aria-hidden>·</span>}
              </td>
            ))}
            <td>{box(`${resourceLabel(row.resource)}: all`, row.granted.map((action) => `${row.resource}:${action}`))}</td>
          </tr>
        ))}
        <tr>
          <th scope="row"><em>Everything</em></th>
          {ACTIONS.map((action) => <td key={action}>{box(`Everything: ${action}`, column(action))}</td>)}
          <td>{box("Everything: all", table.permissions)}</td>
        </tr>
      </tbody>
    </table>
  );
}

/** The same grid to look at: only resources with a permission. */
export function PermissionMatrix({ permissions }: { permissions: string[] }) {
  const resources = [...new Set(permissions.map((permission) => permission.split(":")[0]!))];
  return (
    <table className={`${classes.grid} ${classes.matrix}`} aria-label="Permissions">
      <thead>
        <tr>
          <th scope="col">Resource</th>
          {ACTIONS.map((action) => <th key={action} scope="col">{action}</th>)}
        </tr>
      </thead>
      <tbody>
        {resources.map((resource) => (
          <tr key={resource}>
            <th scope="row">{resourceLabel(resource)}</th>
            {ACTIONS.map((action) => (
              <td key={action}>
                {permissions.includes(`${resource}:${action}`)
                  ? <IconCheck size={15} className={classes.yes} aria-label="yes" />
                  : <span className={classes.no} aria-label="no">·</span>}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
