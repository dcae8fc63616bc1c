import { Link } from "react-router";

import type { GroupSummary } from "@/api/types";
import { countText } from "@/shared/lib/numbers";
import { useCan } from "@/shared/session";
import { urls } from "@/shared/urls";

/** How many agents fetch a group, with the way to them. */
export function AgentCount({ group }: { group: Pick<GroupSummary, "id" | "agentCount"> }) {
  const seesAgents = useCan()("agents:read");
  if (group.agentCount === 0) return <span className="tc-faint">none</span>;
  const count = countText(group.agentCount);
  return seesAgents ? <Link to={urls.agentsWith({ group: group.id })}>{count}</Link> : count;
}
