import { Anchor, Button, Group } from "@mantine/core";
import { Link } from "react-router";

import type { Config } from "@/api/types";
import { firstConfiguration } from "@/features/configs/offered";
import { configSource } from "@/features/configs/queries";
import { useEndpoints } from "@/shared/endpoints";
import { FormError } from "@/shared/form/FormError";
import { useCan } from "@/shared/session";
import { SearchedOptions } from "@/shared/table/SearchedOptions";
import { urls } from "@/shared/urls";

import { useMakeStarter } from "../queries";
import { Step } from "./Step";

type ConfigStepProps = { config: Config | null; anyConfigs: boolean; onChoose: (id: string) => void };

/** What the agent will run: a first configuration made here, or one that there is already. */
export function ConfigStep({ config, anyConfigs, onChoose }: ConfigStepProps) {
  const can = useCan();
  const { heartbeat } = useEndpoints();
  const make = useMakeStarter();
  const makeStarter = () => void make.mutateAsync(firstConfiguration(heartbeat)).then(onChoose, () => undefined);
  const choice = (
    <SearchedOptions source={configSource} label="Configuration" chosen={config ? [config.id] : []} onChoose={onChoose}>
      {config ? <Anchor component="button" type="button" size="sm">Choose another</Anchor> : <Button variant="default">Choose one that there is…</Button>}
    </SearchedOptions>
  );
  if (config) {
    return (
      <Step number={1} title="Configuration" done aside={anyConfigs && choice}>
        <p>
          The agent runs <Link to={urls.config(config.id)}>{config.name}</Link>. {config.description} When you change it later, agents notice by themselves.
        </p>
      </Step>
    );
  }
  return (
    <Step number={1} title="Configuration" done={false}>
      <p>It says what Telegraf measures. A first one measures processor and memory and reports to {heartbeat}; you can change it at any time.</p>
      <FormError error={make.error} />
      <Group gap="xs">
        {can("configs:write") && (
          <Button loading={make.isPending} onClick={makeStarter}>Make a first configuration</Button>
        )}
        {anyConfigs && choice}
      </Group>
    </Step>
  );
}
