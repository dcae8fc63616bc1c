import type { AgentStatus } from "@/api/types";
import { StatusBadge } from "@/shared/parts/StatusBadge";

import { statusFact } from "../status";

export function AgentBadge({ status }: { status: AgentStatus }) {
  const { tone, label } = statusFact(status);
  return <StatusBadge tone={tone}>{label}</StatusBadge>;
}
