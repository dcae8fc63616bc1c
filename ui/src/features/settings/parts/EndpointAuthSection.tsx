import { Switch } from "@mantine/core";

import type { EndpointAuth } from "@/api/types";
import { useDialog } from "@/shared/dialog/use-dialog";
import { ENDPOINT_GROUPS } from "@/shared/endpoint-groups";
import { Notice } from "@/shared/parts/Notice";
import { Section } from "@/shared/parts/Section";
import { useCan } from "@/shared/session";

import classes from "./EndpointAuthSection.module.css";
import { EndpointAuthDialog, type EndpointAuthChange } from "./EndpointAuthDialog";

/** Which parts of the API need credentials; the owner switches them, with the password (E1, E2). */
export function EndpointAuthSection({ auth }: { auth: EndpointAuth }) {
  const can = useCan();
  const dialog = useDialog<EndpointAuthChange>();
  const mayChange = can("auth-settings:write") && !auth.locked;
  return (
    <Section
      title="Endpoint authentication"
      lead="Each part of the API needs a token or a session. A part that is switched off answers anybody, with a manager's rights."
    >
      {auth.locked ? (
        <Notice tone="silent">
          Start-up options fixed this (--lock-auth-endpoints). It can be changed where the controller is started, and nowhere else.
        </Notice>
      ) : (
        !mayChange && <Notice tone="silent">Only the owner changes this.</Notice>
      )}
      <div className={classes.groups}>
        {ENDPOINT_GROUPS.map((group) => {
          const required = auth[group.name];
          return (
            <label key={group.name} className={classes.group}>
              <span className={classes.text}>
                <span className={classes.name}>{group.label}</span>
                <br />
                {required ? (
                  <span className="tc-faint">Needs a token or a session</span>
                ) : (
                  <span className={classes.open}>Open: anybody can {group.open}</span>
                )}
              </span>
              <Switch
                checked={required}
                disabled={!mayChange}
                aria-label={`${group.label} need credentials`}
                onChange={(event) => dialog.open({ group, required: event.currentTarget.checked })}
              />
            </label>
          );
        })}
      </div>
      <EndpointAuthDialog dialog={dialog} />
    </Section>
  );
}
