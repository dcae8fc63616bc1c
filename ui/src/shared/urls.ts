/** Every address of the interface, as it stands in the route table (`:name`) and as a link. */
export const paths = {
  home: "/",
  start: "/start",
  signIn: "/sign-in",
  setUp: "/set-up",
  invite: "/invite/:secret",
  passwordReset: "/password-reset/:secret",
  agents: "/agents",
  agent: "/agents/:id",
  configs: "/configurations",
  newConfig: "/configurations/new",
  config: "/configurations/:id/:tab?",
  groups: "/groups",
  group: "/groups/:id/:tab?",
  labels: "/labels",
  constants: "/constants",
  reportingRules: "/reporting-rules",
  account: "/account",
  settings: "/settings",
  tokens: "/tokens",
  token: "/tokens/:id",
  users: "/users",
  user: "/users/:id",
} as const;

export type ConfigTab = "versions" | "aliases" | "agents" | "manage";

export type GroupTab = "preview" | "aliases" | "manage";

export const urls = {
  home: paths.home,
  start: paths.start,
  setUp: paths.setUp,
  agents: paths.agents,
  agentsWith: (filter: Record<string, string>) => `${paths.agents}?${new URLSearchParams(filter)}`,
  agent: (id: string) => fill(paths.agent, { id }),
  configs: paths.configs,
  newConfig: paths.newConfig,
  config: (id: string, tab?: ConfigTab) => `/configurations/${encodeURIComponent(id)}${tab ? `/${tab}` : ""}`,
  groups: paths.groups,
  group: (id: string, tab?: GroupTab) => `/groups/${encodeURIComponent(id)}${tab ? `/${tab}` : ""}`,
  labels: paths.labels,
  constants: paths.constants,
  reportingRules: paths.reportingRules,
  account: paths.account,
  settings: paths.settings,
  tokens: paths.tokens,
  token: (id: string) => fill(paths.token, { id }),
  users: paths.users,
  user: (id: string) => fill(paths.user, { id }),
  apiReference: "/api/docs",
  signIn: (returnTo?: string) => (returnTo && returnTo !== "/" ? `/sign-in?return=${encodeURIComponent(returnTo)}` : "/sign-in"),
};

/** Where to go after signing in: only ever a page of this interface, whatever the address says. */
export function safeReturnPath(value: string | null): string {
  if (!value?.startsWith("/") || value.startsWith("//") || value.includes("\\")) return paths.home;
  return new URL(value, "http://here").origin === "http://here" ? value : paths.home;
}

function fill(path: string, values: Record<string, string>): string {
  return path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(values[name] ?? ""));
}
