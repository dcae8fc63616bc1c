import { type ApiError, isApiError } from "@/api/errors";
import type { components } from "@/api/schema";

/** What a change would do to agents, as a refusal (409 `agents_would_fail`) tells it. */
export type Refusal = Omit<components["schemas"]["ImpactRecord"], "wouldReload">;

/** Makes a change; agents that fail by it are accepted, or not. */
export type Attempt<T> = (acceptImpact: boolean) => Promise<T>;

/** The agents that a refused change would cut off; null when it was refused for another reason. */
export function refusalOf(failure: unknown): Refusal | null {
  return isApiError(failure, "agents_would_fail") ? (failure as ApiError & { details: Refusal }).details : null;
}

/** Makes a change, and once more when `ask` says that the agents which would fail by it are accepted. Else it rejects as the first time. */
export async function attemptAsking<T>(attempt: Attempt<T>, ask: (refusal: Refusal) => Promise<boolean>): Promise<T> {
  try {
    return await attempt(false);
  } catch (failure) {
    const refusal = refusalOf(failure);
    if (!refusal || !(await ask(refusal))) throw failure;
    return attempt(true);
  }
}
