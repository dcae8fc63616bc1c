import type { Me, User } from "@/api/types";

export type GivenRole = "administrator" | "manager" | "viewer";

export const ROLES: { value: GivenRole; label: string; description: string }[] = [
  { value: "administrator", label: "Administrator", description: "Everything but ownership and endpoint authentication" },
  { value: "manager", label: "Manager", description: "The whole fleet, and tokens of their own" },
  { value: "viewer", label: "Viewer", description: "Sees the fleet, changes nothing" },
];

/** The roles that somebody may give: administrators are made by the owner alone. */
export function givableRoles(me: Me): typeof ROLES {
  return ROLES.filter((role) => me.role === "owner" || role.value !== "administrator");
}

/** Whether somebody may change, disable, or make a reset link for somebody else; nobody does that to the owner. */
export function mayManage(me: Me, user: User): boolean {
  if (user.role === "owner" || user.id === me.user.id) return false;
  return user.role === "administrator" ? me.role === "owner" : true;
}

export function roleLabel(role: string): string {
  return role.charAt(0).toUpperCase() + role.slice(1);
}
