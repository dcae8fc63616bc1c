import { IconClockPause } from "@tabler/icons-react";

import { ApiError } from "@/api/errors";
import { countdownText } from "@/shared/lib/time";
import { useSeconds } from "@/shared/lib/use-now";
import { Notice } from "@/shared/parts/Notice";

export type Wait = { code: string; seconds: number };

const WAITING = ["account_locked", "too_many_attempts"];

/** How long somebody has yet to wait who tried too often; null when they need not. */
export function useWait(error: unknown): Wait | null {
  const nowMs = useSeconds().getTime();
  if (!isWaiting(error)) return null;
  const seconds = Number(error.details.retryAfter) || error.retryAfter || 0;
  const left = Math.ceil((error.receivedAtMs + seconds * 1000 - nowMs) / 1000);
  return left > 0 ? { code: error.code, seconds: left } : null;
}

/** Whether an error only says to wait; once that is over it needs no message any more. */
export function isWaiting(error: unknown): error is ApiError {
  return error instanceof ApiError && WAITING.includes(error.code);
}

export function WaitNotice({ wait }: { wait: Wait }) {
  const locked = wait.code === "account_locked";
  return (
    <Notice tone="warn" icon={IconClockPause} title={locked ? "This account is locked" : "Too many attempts"} role="alert">
      {locked ? "Too many sign-ins failed. You can try again in " : "You can try again in "}
      <strong role="timer" style={{ fontVariantNumeric: "tabular-nums" }}>{countdownText(wait.seconds)}</strong>.
      {locked && " An administrator can let you in earlier with a password reset link."}
    </Notice>
  );
}
