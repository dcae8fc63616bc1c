import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useSearchParams } from "react-router";

import { isApiError } from "@/api/errors";
import type { Config, TokenCreated } from "@/api/types";
import { configQuery, configSearchQuery } from "@/features/configs/queries";
import { PageHeader } from "@/shared/parts/PageHeader";
import { Loading, LoadError } from "@/shared/parts/states";
import { urls } from "@/shared/urls";

import { ArrivalStep } from "../parts/ArrivalStep";
import { CommandStep } from "../parts/CommandStep";
import { ConfigStep } from "../parts/ConfigStep";
import { TokenStep } from "../parts/TokenStep";
import { starterQuery } from "../queries";
import { useArrival } from "../use-arrival";
import classes from "./StartPage.module.css";

/**
 * From nothing to an agent that reports, on one page. What is made here is found again by its name, so whoever leaves
 * midway goes on where they were: only the value of the token is gone, which is shown once and kept nowhere.
 */
export default function StartPage() {
  const [address, setAddress] = useSearchParams();
  const starter = useQuery(starterQuery);
  const anyConfigs = (useQuery(configSearchQuery("")).data?.length ?? 0) > 0;
  const id = address.get("config") ?? starter.data ?? null;
  const config = useQuery({ ...configQuery(id ?? ""), enabled: id !== null, placeholderData: keepPreviousData });
  const [token, setToken] = useState<TokenCreated | null>(null);
  const choose = (chosen: string) => setAddress({ config: chosen }, { replace: true, preventScrollReset: true });

  // What the address names may be deleted by now: then begin anew.
  const gone = isApiError(config.error, "not_found");
  const failed = [starter, config].find((query) => query.isError && !query.data && !gone);
  const waits = starter.isPending || (id !== null && config.isPending);
  return (
    <div className={classes.page}>
      <PageHeader title="Add an agent" lead="A configuration, a token and one command: then the agent is in the list." back={{ to: urls.agents, label: "Agents" }} />
      {failed ? (
        <LoadError what="what there is already" error={failed.error} onRetry={() => void failed.refetch()} />
      ) : waits ? (
        <Loading />
      ) : (
        <div className={classes.steps}>
          <Steps config={gone ? null : (config.data ?? null)} anyConfigs={anyConfigs} token={token} onConfig={choose} onToken={setToken} />
        </div>
      )}
    </div>
  );
}

type StepsProps = {
  config: Config | null;
  anyConfigs: boolean;
  token: TokenCreated | null;
  onConfig: (id: string) => void;
  onToken: (token: TokenCreated) => void;
};

function Steps({ config, anyConfigs, token, onConfig, onToken }: StepsProps) {
  const arrival = useArrival(config?.id ?? null);
  return (
    <>
      <ConfigStep config={config} anyConfigs={anyConfigs} onChoose={onConfig} />
      <TokenStep config={config} token={token} onMade={onToken} />
      <CommandStep config={config} token={token} done={arrival.arrived !== null} />
      {config && <ArrivalStep config={config} token={token} arrival={arrival} />}
    </>
  );
}
