import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";

import type { Config, ConfigVariables, TokenCreated } from "@/api/types";
import { CommandFields, ShellSwitch, TOKEN_PLACEHOLDER, useCommand } from "@/features/configs/offered";
import { variablesQuery } from "@/features/configs/queries";
import { useEndpoints } from "@/shared/endpoints";
import { Notice } from "@/shared/parts/Notice";
import { Snippet } from "@/shared/parts/Snippet";
import { Loading, LoadError } from "@/shared/parts/states";
import { useCan } from "@/shared/session";
import { urls } from "@/shared/urls";

import { Step } from "./Step";

type CommandStepProps = { config: Config | null; token: TokenCreated | null; done: boolean };

/** What to paste on the machine. */
export function CommandStep({ config, token, done }: CommandStepProps) {
  return (
    <Step number={3} title="Start Telegraf" done={done}>
      {config ? <CommandOf config={config} token={token} /> : <p>Here is then the command to paste on the machine.</p>}
    </Step>
  );
}

function CommandOf({ config, token }: { config: Config; token: TokenCreated | null }) {
  const variables = useQuery(variablesQuery({ kind: "config", ...config }));
  if (variables.isError && !variables.data) return <LoadError what="what the configuration needs" error={variables.error} onRetry={() => void variables.refetch()} />;
  return variables.data ? <Paste key={config.id} config={config} variables={variables.data} token={token} /> : <Loading />;
}

function Paste({ config, variables, token }: { config: Config; variables: ConfigVariables; token: TokenCreated | null }) {
  const command = useCommand({ kind: "config", ...config }, variables, token?.token ?? null);
  const can = useCan();
  const { api, heartbeat } = useEndpoints();
  const isLocal = [api, heartbeat].some((url) => ["localhost", "127.0.0.1", "[::1]"].includes(new URL(url).hostname));
  return (
    <>
      <p>
        Paste it on the machine that is to be watched, where <a href="https://docs.influxdata.com/telegraf/v1/install/" target="_blank" rel="noreferrer">Telegraf</a> 1.37 or later is installed.
        The agent is called what the machine is called.
      </p>
      <div><ShellSwitch value={command.choices.shell} onChange={command.choose.setShell} /></div>
      <CommandFields variables={variables} command={command} />
      <Snippet text={command.command} label="command" wrap />
      {!token && <p>Put the value of your token in place of {TOKEN_PLACEHOLDER}.</p>}
      {isLocal && (
        <Notice tone="info">
          The addresses in it work on the machine of the controller only. For other machines, open this page by the controller's name
          {can("settings:write") && <>, or <Link to={urls.settings}>set the public addresses</Link></>}.
        </Notice>
      )}
    </>
  );
}
