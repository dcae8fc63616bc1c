/** What agents fetch by an address: a configuration, or a group of them. */
export type Served = { kind: "config" | "group"; id: string; name: string; aliases: string[] };

const PATHS = { config: "/api/configs", group: "/api/config-groups" };

/** Where it is served on a controller, by an alias of it or by its id. */
export function addressOf({ kind, id, aliases }: Served, controller: string, name: string): string {
  return aliases.includes(name) ? `${controller}/c/${name}` : `${controller}${PATHS[kind]}/${id}/toml`;
}
