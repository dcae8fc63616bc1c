import { useCan, useMe } from "@/shared/session";

/** Whether the person may make tokens act for somebody else: the owner and administrators (T10). */
export function useMayReassign(): boolean {
  const can = useCan();
  const { role } = useMe();
  return (role === "owner" || role === "administrator") && can("tokens:write") && can("users:read");
}
