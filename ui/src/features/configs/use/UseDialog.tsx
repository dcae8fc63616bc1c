import { Button, Group, Modal, SegmentedControl, Select, Stack, Text } from "@mantine/core";
import { IconDownload, IconKey } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import type { Config, ConfigVariables } from "@/api/types";
import { CreateTokenDialog } from "@/features/tokens/offered";
import type { Dialog } from "@/shared/dialog/use-dialog";
import { useEndpoints } from "@/shared/endpoints";
import { downloadText, safeFileName } from "@/shared/lib/files";
import { notifyDone } from "@/shared/lib/notify";
import { Notice } from "@/shared/parts/Notice";
import { Snippet } from "@/shared/parts/Snippet";
import { Loading, LoadError } from "@/shared/parts/states";
import { useCan } from "@/shared/session";

import { variablesQuery } from "../queries";
import { type Shell, startCommand, TOKEN_PLACEHOLDER } from "./command";
import { ValueFields } from "./ValueFields";

/** Makes the command that starts Telegraf with a configuration, and on request the token that it needs. */
export function UseDialog({ dialog }: { dialog: Dialog<Config> }) {
  const config = dialog.subject;
  const variables = useQuery({ ...variablesQuery(config?.id ?? ""), enabled: dialog.opened && config !== null });
  return (
    <Modal opened={dialog.opened} onClose={dialog.close} size={720} title={<Text fw={620}>Use {config?.name}</Text>}>
      {variables.isError ? (
        <LoadError what="what the configuration needs" error={variables.error} onRetry={() => void variables.refetch()} />
      ) : config && variables.data ? (
        <Builder config={config} variables={variables.data} />
      ) : (
        <Loading />
      )}
    </Modal>
  );
}

const INTERVALS = [
  { value: "", label: "Never" },
  { value: "30s", label: "Every 30 seconds" },
  { value: "1m", label: "Every minute" },
  { value: "5m", label: "Every 5 minutes" },
  { value: "1h", label: "Every hour" },
];

function Builder({ config, variables }: { config: Config; variables: ConfigVariables }) {
  const can = useCan();
  const { api } = useEndpoints();
  const [shell, setShell] = useState<Shell>(navigator.userAgent.includes("Windows") ? "powershell" : "posix");
  const [way, setWay] = useState<"address" | "file">("address");
  const [name, setName] = useState(config.aliases[0] ?? config.id);
  const [watchInterval, setWatchInterval] = useState("1m");
  const [parameters, setParameters] = useState<Record<string, string>>({});
  const [environment, setEnvironment] = useState<Record<string, string>>({});
  const [token, setToken] = useState<string | null>(null);
  const [asking, setAsking] = useState(false);

  const localFile = `${safeFileName(config.name)}.toml`;
  const address = config.aliases.includes(name) ? `${api}/c/${name}` : `${api}/api/configs/${config.id}/toml`;
  const missing = variables.parameters.filter((one) => one.required && !parameters[one.name]);
  const undefinedConstants = variables.constants.filter((one) => !one.defined);
  const command = startCommand({
    shell,
    address,
    parameters: Object.fromEntries(variables.parameters.map((one) => [one.name, parameters[one.name] || (one.required ? one.name.toUpperCase() : "")])),
    environment: Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== "")),
    token,
    watchInterval: watchInterval || null,
    localFile: way === "file" ? localFile : null,
  });
  return (
    <Stack gap="md">
      {undefinedConstants.length > 0 && (
        <Notice tone="fail">It cannot be served yet: no constant is called {undefinedConstants.map((one) => one.name).join(", ")}.</Notice>
      )}
      <Group gap="sm">
        <SegmentedControl size="xs" aria-label="Shell" value={shell} onChange={setShell} data={[{ value: "posix", label: "Linux, macOS" }, { value: "powershell", label: "Windows" }]} />
        <SegmentedControl size="xs" aria-label="Where from" value={way} onChange={setWay} data={[{ value: "address", label: "From this controller" }, { value: "file", label: "From a local file" }]} />
      </Group>
      {way === "address" ? (
        <Group gap="md" align="flex-start" grow>
          <Select
            label="Address"
            description="An alias can move to another configuration later"
            allowDeselect={false}
            value={name}
            onChange={(value) => value && setName(value)}
            data={[...config.aliases.map((alias) => ({ value: alias, label: `/c/${alias}` })), { value: config.id, label: "by its id" }]}
          />
          <Select label="Looks for changes" description="Agents reload by themselves" allowDeselect={false} value={watchInterval} onChange={(value) => setWatchInterval(value ?? "")} data={INTERVALS} />
        </Group>
      ) : (
        <Notice tone="info">
          The file holds the text as it is stored: parameters and constants in it are not filled in, and later changes do not reach the agent.
          <Group mt={8}>
            <Button size="xs" variant="default" leftSection={<IconDownload size={14} />} onClick={() => downloadText(localFile, config.toml)}>Download {localFile}</Button>
          </Group>
        </Notice>
      )}
      {way === "address" && (
        <ValueFields title="Parameters" note="Part of the address" values={parameters} onChange={setParameters} fields={variables.parameters} />
      )}
      <ValueFields
        title="Environment variables"
        note="Set on the machine of the agent"
        values={environment}
        onChange={setEnvironment}
        fields={variables.environmentVariables.filter((one) => one.name !== "TELEGRAF_CONTROLLER_TOKEN")}
      />
      {can("tokens:write") && (
        <Group gap="sm">
          <Button size="xs" variant="default" leftSection={<IconKey size={14} />} onClick={() => setAsking(true)}>
            {token ? "Another token…" : "Make the token it needs…"}
          </Button>
          <Text size="xs" c="dimmed">{token ? "The new token is in the command, this once. Copy it now." : `Or put yours in place of ${TOKEN_PLACEHOLDER}.`}</Text>
        </Group>
      )}
      <Snippet text={command} label="command" />
      {missing.length > 0 && way === "address" && (
        <Text size="xs" c="var(--tc-warn)">Still to be filled in: {missing.map((one) => one.name).join(", ")}.</Text>
      )}
      {variables.secrets.length > 0 && (
        <Text size="xs" c="dimmed">The agent's secret stores need: {variables.secrets.map((one) => `${one.store}:${one.key}`).join(", ")}.</Text>
      )}
      <CreateTokenDialog
        opened={asking}
        onClose={() => setAsking(false)}
        start={{ name: `${config.name} agents`, preset: "telegraf-agent" }}
        onCreated={(made) => {
          setToken(made.token);
          setAsking(false);
          notifyDone(`The token ${made.name} is in the command.`);
        }}
      />
    </Stack>
  );
}
