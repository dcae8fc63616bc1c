import type { AgentConfig } from "@/api/types";
import { Section } from "@/shared/parts/Section";
import { StatusBadge } from "@/shared/parts/StatusBadge";

import classes from "./AgentConfigs.module.css";

/** What an agent runs: what is managed here, with the parameters it asks for, and what comes from elsewhere. */
export function AgentConfigs({ configs }: { configs: AgentConfig[] }) {
  return (
    <Section title="Configurations">
      {configs.length === 0 && <span className="tc-faint">None reported: its heartbeat plugin does not include them.</span>}
      <ul className={classes.list}>
        {configs.map((config) => (
          <li key={config.source} className={classes.config}>
            {config.managed ? (
              <>
                <span className={classes.name}>{config.name ?? config.group ?? config.alias}</span>
                {config.group && config.name && <span className="tc-faint"> in the group {config.group}</span>}
                {config.alias && <span className="tc-faint"> by the alias {config.alias}</span>}
                {Object.entries(config.parameters).map(([name, value]) => (
                  <span key={name} className="tc-mono tc-faint"> {name}={value}</span>
                ))}
              </>
            ) : (
              <StatusBadge tone="silent">External</StatusBadge>
            )}
            <div className={classes.source}>{config.source}</div>
          </li>
        ))}
      </ul>
    </Section>
  );
}
