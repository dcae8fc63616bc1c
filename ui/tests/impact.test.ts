import { describe, expect, it, vi } from "vitest";

import { ApiError } from "@/api/errors";
import { attemptAsking } from "@/shared/impact/impact";

const refusal = { wouldFail: 2, wouldFailNotReporting: 0, examples: [] };
const refused = new ApiError(409, "agents_would_fail", "2 agents would fail.", refusal);

describe("a change that would cut agents off (V7)", () => {
  it("asks nobody when it goes through", async () => {
    const ask = vi.fn();
    expect(await attemptAsking(() => Promise.resolve("saved"), ask)).toBe("saved");
    expect(ask).not.toHaveBeenCalled();
  });

  it("is made after all when it is accepted", async () => {
    const attempt = vi.fn((accepted: boolean) => (accepted ? Promise.resolve("saved") : Promise.reject(refused)));
    const ask = vi.fn(() => Promise.resolve(true));
    expect(await attemptAsking(attempt, ask)).toBe("saved");
    expect(ask).toHaveBeenCalledWith(refusal);
    expect(attempt.mock.calls).toEqual([[false], [true]]);
  });

  it("stays refused when the person goes back", async () => {
    const attempt = vi.fn(() => Promise.reject(refused));
    await expect(attemptAsking(attempt, () => Promise.resolve(false))).rejects.toBe(refused);
    expect(attempt).toHaveBeenCalledTimes(1);
  });

  it("asks about nothing else that goes wrong, the second time neither", async () => {
    const conflict = new ApiError(409, "edit_conflict", "Somebody saved.");
    const ask = vi.fn(() => Promise.resolve(true));
    await expect(attemptAsking(() => Promise.reject(conflict), ask)).rejects.toBe(conflict);
    expect(ask).not.toHaveBeenCalled();
    await expect(attemptAsking((accepted) => Promise.reject(accepted ? conflict : refused), ask)).rejects.toBe(conflict);
  });
});
