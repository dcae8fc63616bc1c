import type { User } from "@/api/types";
import { StatusBadge } from "@/shared/parts/StatusBadge";

export function UserBadge({ user }: { user: User }) {
  if (user.status === "disabled") return <StatusBadge tone="silent">Disabled</StatusBadge>;
  return user.lockedUntil ? <StatusBadge tone="warn">Locked</StatusBadge> : <StatusBadge tone="ok">Active</StatusBadge>;
}
