import { useState } from "react";

import type { ConfigVariables } from "@/api/types";
import { useEndpoints } from "@/shared/endpoints";
import { safeFileName } from "@/shared/lib/files";

import { HOST_NAME, type ParameterValue, type Shell, startCommand } from "./command";
import { addressOf, type Served } from "./served";

/** The parameter by which configurations tell agents apart; left empty, it becomes the name of the host. */
export const AGENT_ID = "agent_id";

/** What the environment holds for Telegraf itself, not for somebody to fill in. */
export const TOKEN_VARIABLE = "TELEGRAF_CONTROLLER_TOKEN";

/** What somebody has chosen and filled in so far, and the command that follows from it. */
export function useCommand(served: Served, variables: ConfigVariables, token: string | null) {
  const { api } = useEndpoints();
  const [shell, setShell] = useState<Shell>(navigator.userAgent.includes("Windows") ? "powershell" : "posix");
  const [way, setWay] = useState<"address" | "file">("address");
  const [name, setName] = useState(served.aliases[0] ?? served.id);
  const [watchInterval, setWatchInterval] = useState("1m");
  const [parameters, setParameters] = useState<Record<string, string>>({});
  const [environment, setEnvironment] = useState<Record<string, string>>({});
  const [selectors, setSelectors] = useState<string[]>([]);

  const localFile = `${safeFileName(served.name)}.toml`;
  const command = startCommand({
    shell,
    address: addressOf(served, api, name),
    parameters: Object.fromEntries(variables.parameters.map((one) => [one.name, parameters[one.name] || standIn(one)])),
    environment: Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== "")),
    token,
    watchInterval: watchInterval || null,
    selectors,
    localFile: way === "file" ? localFile : null,
  });
  const isFilled = ({ name: wanted }: { name: string }) => Boolean(parameters[wanted]) || (way === "address" && wanted === AGENT_ID);
  return {
    command,
    localFile,
    missing: variables.parameters.filter((one) => one.required && !isFilled(one)).map((one) => one.name),
    choices: { shell, way, name, watchInterval, parameters, environment, selectors },
    choose: { setShell, setWay, setName, setWatchInterval, setParameters, setEnvironment, setSelectors },
  };
}

export type Command = ReturnType<typeof useCommand>;

/** What stands in the command for a parameter that nobody filled in. */
function standIn({ name, required }: { name: string; required: boolean }): ParameterValue {
  if (!required) return "";
  return name === AGENT_ID ? HOST_NAME : name.toUpperCase();
}
