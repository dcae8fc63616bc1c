import { Link } from "react-router";

import type { AgentConfig } from "@/api/types";
import { Section } from "@/shared/parts/Section";
import { StatusBadge } from "@/shared/parts/StatusBadge";
import { useCan } from "@/shared/session";
import { urls } from "@/shared/urls";

import classes from "./AgentConfigs.module.css";

/** What an agent runs: what is managed here, with the parameters it asks for, and what comes from elsewhere. */
export function AgentConfigs({ configs }: { configs: AgentConfig[] }) {
  return (
    <Section title="Configurations" lead="As its latest heartbeat names them.">
      {configs.length === 0 && <span className="tc-faint">None reported: its heartbeat plugin does not include them.</span>}
      <ul className={classes.list}>
        {configs.map((config, index) => (
          <li key={`${config.source}-${index}`} className={classes.config}>
            {config.managed ? <Managed config={config} /> : <StatusBadge tone="silent">External</StatusBadge>}
            <div className={classes.source}>{config.source}</div>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Managed({ config }: { config: AgentConfig }) {
  const parameters = Object.entries(config.parameters);
  return (
    <>
      <div className={classes.head}>
        <span className={classes.name}><ConfigLink config={config} /></span>
        {config.groupId && <span className="tc-faint">group</span>}
        {config.alias && <span className="tc-faint">by the alias <span className="tc-mono">{config.alias}</span></span>}
      </div>
      {parameters.length > 0 && (
        <ul className={classes.parameters} aria-label="Parameters">
          {parameters.map(([name, value]) => <li key={name}><span>{name}</span> {value}</li>)}
        </ul>
      )}
    </>
  );
}

function ConfigLink({ config }: { config: AgentConfig }) {
  const can = useCan();
  if (config.groupId) return can("config-groups:read") ? <Link to={urls.group(config.groupId)}>{config.group}</Link> : config.group;
  return config.id && can("configs:read") ? <Link to={urls.config(config.id)}>{config.name}</Link> : config.name;
}
