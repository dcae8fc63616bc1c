import { Button, Group, SegmentedControl, Select, Stack, Text } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import { useState } from "react";

import type { ConfigVariables } from "@/api/types";
import { CreateTokenDialog } from "@/features/tokens/offered";
import { notifyDone } from "@/shared/lib/notify";
import { Notice } from "@/shared/parts/Notice";
import { Snippet } from "@/shared/parts/Snippet";
import { useCan } from "@/shared/session";

import { TOKEN_PLACEHOLDER } from "./command";
import { CommandFields, SelectorsField } from "./CommandFields";
import { LocalFile } from "./LocalFile";
import type { Served } from "./served";
import { ShellSwitch } from "./ShellSwitch";
import { type Command, useCommand } from "./use-command";

const INTERVALS = [
  { value: "", label: "Never" },
  { value: "30s", label: "Every 30 seconds" },
  { value: "1m", label: "Every minute" },
  { value: "5m", label: "Every 5 minutes" },
  { value: "1h", label: "Every hour" },
];

/** Makes the command that starts Telegraf with a configuration or a group, and on request the token that it needs. */
export function CommandBuilder({ served, variables }: { served: Served; variables: ConfigVariables }) {
  const can = useCan();
  const [token, setToken] = useState<string | null>(null);
  const command = useCommand(served, variables, token);
  const { choices, choose, missing, localFile } = command;
  const undefinedConstants = variables.constants.filter((one) => !one.defined);
  return (
    <Stack gap="md">
      {undefinedConstants.length > 0 && (
        <Notice tone="fail">It cannot be served yet: no constant is called {undefinedConstants.map((one) => one.name).join(", ")}.</Notice>
      )}
      <Group gap="sm">
        <ShellSwitch value={choices.shell} onChange={choose.setShell} />
        <SegmentedControl size="xs" aria-label="Where from" value={choices.way} onChange={choose.setWay} data={[{ value: "address", label: "From this controller" }, { value: "file", label: "From a local file" }]} />
      </Group>
      {choices.way === "address" && <AddressFields served={served} command={command} />}
      <CommandFields variables={variables} command={command} />
      {choices.way === "file" && <LocalFile served={served} name={localFile} parameters={choices.parameters} missing={missing} />}
      <SelectorsField value={choices.selectors} onChange={choose.setSelectors} />
      {can("tokens:write") && <TokenMaker name={`${served.name} agents`} token={token} onMade={setToken} />}
      <div>
        <Snippet text={command.command} label="command" wrap />
        <Text size="xs" c="dimmed" mt={6}>Telegraf before 1.39 reads the token for fetching from INFLUX_TOKEN: set that as well.</Text>
      </div>
      {missing.length > 0 && <Text size="xs" c="var(--tc-warn)">Still to be filled in: {missing.join(", ")}.</Text>}
      {variables.secrets.length > 0 && (
        <Text size="xs" c="dimmed">The agent's secret stores need: {variables.secrets.map((one) => `${one.store}:${one.key}`).join(", ")}.</Text>
      )}
    </Stack>
  );
}

function AddressFields({ served, command }: { served: Served; command: Command }) {
  const { choices, choose } = command;
  return (
    <Group gap="md" align="flex-start" grow>
      <Select
        label="Address"
        description="An alias can move later, and its agents follow"
        allowDeselect={false}
        value={choices.name}
        onChange={(value) => value && choose.setName(value)}
        data={[...served.aliases.map((alias) => ({ value: alias, label: `/c/${alias}` })), { value: served.id, label: "by its id" }]}
      />
      <Select
        label="Looks for changes"
        description="Agents reload by themselves"
        allowDeselect={false}
        value={choices.watchInterval}
        onChange={(value) => choose.setWatchInterval(value ?? "")}
        data={INTERVALS}
      />
    </Group>
  );
}

type TokenMakerProps = { name: string; token: string | null; onMade: (value: string) => void };

function TokenMaker({ name, token, onMade }: TokenMakerProps) {
  const [asking, setAsking] = useState(false);
  return (
    <Group gap="sm">
      <Button size="xs" variant="default" leftSection={<IconKey size={14} />} onClick={() => setAsking(true)}>
        {token ? "Another token…" : "Make the token it needs…"}
      </Button>
      <Text size="xs" c="dimmed">{token ? "The new token is in the command, this once. Copy it now." : `Or put yours in place of ${TOKEN_PLACEHOLDER}.`}</Text>
      <CreateTokenDialog
        opened={asking}
        onClose={() => setAsking(false)}
        start={{ name, preset: "telegraf-agent" }}
        onCreated={(made) => {
          onMade(made.token);
          setAsking(false);
          notifyDone(`The token ${made.name} is in the command.`);
        }}
      />
    </Group>
  );
}
