import type { Token } from "@/api/types";
import type { Tone } from "@/shared/parts/StatusBadge";

export const EXPIRES_SOON_DAYS = 14;

export type TokenState = { tone: Tone; label: string };

/** What a token is at the moment: revoked counts before expired, for it is for good. */
export function tokenState(token: Token, now: Date): TokenState {
  if (token.status === "revoked") return { tone: "silent", label: "Revoked" };
  if (token.expired) return { tone: "fail", label: "Expired" };
  return expiresSoon(token, now) ? { tone: "warn", label: "Expires soon" } : { tone: "ok", label: "Active" };
}

export function expiresSoon(token: Token, now: Date): boolean {
  if (token.expiresAt === null || token.expired || token.status !== "active") return false;
  return new Date(token.expiresAt).getTime() - now.getTime() < EXPIRES_SOON_DAYS * 86_400_000;
}

/** Whether somebody can still do something with its value. */
export function isUsable(token: Token): boolean {
  return token.status === "active" && !token.expired;
}
