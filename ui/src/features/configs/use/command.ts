import { posixJoined, posixQuoted, powerShellJoined, powerShellQuoted } from "@/shared/lib/shell";

export type Shell = "posix" | "powershell";

/** Stands for what the machine is called on which the command runs. */
export const HOST_NAME = Symbol("the name of the host");

export type ParameterValue = string | typeof HOST_NAME;

export type CommandWish = {
  shell: Shell;
  /** Where the configuration is served: `https://…/c/linux-base`. */
  address: string;
  /** Values of the parameters that somebody filled in. */
  parameters: Record<string, ParameterValue>;
  environment: Record<string, string>;
  token: string | null;
  /** How often the agent looks for changes, as Telegraf writes it ("1m"); null: never. */
  watchInterval: string | null;
  /** Which plugins run, by their labels: "env=prod;region=eu-*". A plugin runs when any of these fits. */
  selectors: string[];
  /** The name of a downloaded file to run instead of the address. */
  localFile: string | null;
};

export const TOKEN_PLACEHOLDER = "YOUR_TOKEN";

type Dialect = {
  program: string;
  quoted: (value: string) => string;
  joined: (parts: string[], expression: string) => string;
  set: (name: string, value: string) => string;
  hostName: string;
};

const DIALECTS: Record<Shell, Dialect> = {
  posix: {
    program: "telegraf",
    quoted: posixQuoted,
    joined: posixJoined,
    set: (name, value) => `export ${name}=${value}`,
    // POSIX promises `uname`, and small systems have no `hostname`.
    hostName: "$(uname -n)",
  },
  powershell: {
    program: ".\\telegraf.exe",
    quoted: powerShellQuoted,
    joined: powerShellJoined,
    set: (name, value) => `$env:${name} = ${value}`,
    hostName: "$env:COMPUTERNAME",
  },
};

/** The commands that start Telegraf with a configuration. */
export function startCommand(wish: CommandWish): string {
  const { program, quoted, set } = DIALECTS[wish.shell];
  const environment = { TELEGRAF_CONTROLLER_TOKEN: wish.token ?? TOKEN_PLACEHOLDER, ...wish.environment };
  const flags = [`--config ${wish.localFile === null ? quotedAddress(wish) : quoted(wish.localFile)}`];
  if (wish.localFile === null && wish.watchInterval) flags.push(`--config-url-watch-interval ${wish.watchInterval}`);
  flags.push(...wish.selectors.map((selector) => `--select ${quoted(selector)}`));
  return [...Object.entries(environment).map(([name, value]) => set(name, quoted(value))), [program, ...flags].join(" ")].join("\n");
}

function quotedAddress({ shell, address, parameters }: CommandWish): string {
  const { quoted, joined, hostName } = DIALECTS[shell];
  const parts = addressParts(address, parameters);
  return parts.length === 1 ? quoted(parts[0]!) : joined(parts, hostName);
}

/** An address with parameters in its query, cut where the host's name goes; what is empty is left to its default. */
export function addressParts(address: string, parameters: Record<string, ParameterValue>): string[] {
  const query = Object.entries(parameters)
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `${encodeURIComponent(name)}=${value === HOST_NAME ? CUT : encodeURIComponent(value)}`);
  const whole = query.length ? `${address}?${query.join("&")}` : address;
  // Between double quotes an interactive shell would look for `!` in its history.
  return whole.replaceAll("!", "%21").split(CUT);
}

const CUT = "\0";

/** What is wrong with a label selector, or null. */
export function selectorProblem(selector: string): string | null {
  const pair = /^[A-Za-z0-9._-]+=[A-Za-z0-9._*?-]+$/;
  return selector.split(";").every((one) => pair.test(one.trim())) ? null : "A selector is written label=value; several with ; between them";
}
