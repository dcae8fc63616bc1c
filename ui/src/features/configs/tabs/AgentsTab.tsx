import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";

import type { Config, GroupSummary } from "@/api/types";
import { AgentsOf } from "@/features/agents/offered";
import { groupChoicesQuery } from "@/features/groups/queries";
import { counted, countText } from "@/shared/lib/numbers";
import { Section } from "@/shared/parts/Section";
import { useCan } from "@/shared/session";
import { type SmallColumn, SmallTable } from "@/shared/table/SmallTable";
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

const COLUMNS: SmallColumn<GroupSummary>[] = [
  { key: "group", header: "Group", cell: (group) => <Link to={urls.group(group.id)}>{group.name}</Link> },
  { key: "agents", header: "Agents", cell: (group) => group.agentCount ? <Link to={urls.agentsWith({ group: group.id })}>{countText(group.agentCount)}</Link> : <span className="tc-faint">none</span> },
];

function Groups({ config }: { config: Config }) {
  const groups = useQuery(groupChoicesQuery).data?.filter((group) => config.groups.includes(group.id)) ?? [];
  return (
    <Section title={`In ${counted(config.groups.length, "group")}`} lead="Agents that fetch one of these run this configuration as a part of it.">
      <SmallTable label="Groups" rows={groups} columns={COLUMNS} rowKey={(group) => group.id} rowName={(group) => group.name} />
    </Section>
  );
}
