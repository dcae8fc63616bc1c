import type { AgentConfig } from "@/api/types";

/** What an agent runs, in few words: names of what is managed here, and how much comes from elsewhere. */
export function ConfigNames({ configs }: { configs: AgentConfig[] }) {
  const managed = configs.filter((config) => config.managed).map((config) => config.group ?? config.name ?? config.alias ?? "?");
  const external = configs.length - managed.length;
  if (configs.length === 0) return <span className="tc-faint">none reported</span>;
  return (
    <span title={configs.map((config) => config.source).join("\n")}>
      {managed.join(", ")}
      {external > 0 && <span className="tc-faint">{managed.length > 0 && " + "}{external} external</span>}
    </span>
  );
}
