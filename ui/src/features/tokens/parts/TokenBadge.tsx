import type { Token } from "@/api/types";
import { useNow } from "@/shared/lib/use-now";
import { StatusBadge } from "@/shared/parts/StatusBadge";

import { tokenState } from "../token-state";

export function TokenBadge({ token }: { token: Token }) {
  const { tone, label } = tokenState(token, useNow());
  return <StatusBadge tone={tone}>{label}</StatusBadge>;
}
