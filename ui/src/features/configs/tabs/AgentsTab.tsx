import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";

import type { Config } from "@/api/types";
import { AgentsOf } from "@/features/agents/offered";
import { groupChoicesQuery } from "@/features/groups/queries";
import { counted } from "@/shared/lib/numbers";
import { Facts, Section } from "@/shared/parts/Section";
import { useCan } from "@/shared/session";
import { urls } from "@/shared/urls";

/** Who runs the configuration: agents that fetch it by its own address, and groups that it is part of. */
export function AgentsTab({ config }: { config: Config }) {
  const can = useCan();
  return (
    <>
      <AgentsOf configId={config.id} />
      {config.groups.length > 0 && can("config-groups:read") && <Groups config={config} />}
    </>
  );
}

function Groups({ config }: { config: Config }) {
  const groups = useQuery(groupChoicesQuery).data?.filter((group) => config.groups.includes(group.id)) ?? [];
  return (
    <Section title={`In ${counted(config.groups.length, "group")}`} lead="Agents that fetch one of these run this configuration as a part of it.">
      <Facts
        facts={groups.map((group) => [
          group.name,
          <><Link to={urls.group(group.id)}>Group</Link> <span className="tc-faint">· {group.agentCount ? counted(group.agentCount, "agent") : "no agents"}</span></>,
        ])}
      />
    </Section>
  );
}
