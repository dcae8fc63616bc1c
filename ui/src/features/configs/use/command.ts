import { posixQuoted, powerShellQuoted } from "@/shared/lib/shell";

export type Shell = "posix" | "powershell";

export type CommandWish = {
  shell: Shell;
  /** Where the configuration is served: `https://…/c/linux-base`. */
  address: string;
  /** Values of the parameters that somebody filled in. */
  parameters: Record<string, string>;
  environment: Record<string, string>;
  token: string | null;
  /** How often the agent looks for changes, as Telegraf writes it ("1m"); null: never. */
  watchInterval: string | null;
  /** The name of a downloaded file to run instead of the address. */
  localFile: string | null;
};

export const TOKEN_PLACEHOLDER = "YOUR_TOKEN";

/** The commands that start Telegraf with a configuration. */
export function startCommand(wish: CommandWish): string {
  const posix = wish.shell === "posix";
  const quoted = posix ? posixQuoted : powerShellQuoted;
  const set = ([name, value]: [string, string]) => (posix ? `export ${name}=${quoted(value)}` : `$env:${name} = ${quoted(value)}`);
  const environment = { TELEGRAF_CONTROLLER_TOKEN: wish.token ?? TOKEN_PLACEHOLDER, ...wish.environment };
  const telegraf = posix ? "telegraf" : ".\\telegraf.exe";
  const source = wish.localFile ?? addressWith(wish.address, wish.parameters);
  const watch = wish.localFile === null && wish.watchInterval ? ` --config-url-watch-interval ${wish.watchInterval}` : "";
  return [...Object.entries(environment).map(set), `${telegraf} --config ${quoted(source)}${watch}`].join("\n");
}

/** An address with parameters in its query; what is empty is left to its default. */
export function addressWith(address: string, parameters: Record<string, string>): string {
  const query = Object.entries(parameters)
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
  return query.length ? `${address}?${query.join("&")}` : address;
}
