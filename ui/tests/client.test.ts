import { afterEach, expect, test, vi } from "vitest";

import { api, urlOf } from "@/api/client";
import { ApiError } from "@/api/errors";

afterEach(() => vi.unstubAllGlobals());

function answering(status: number, body: string, headers: Record<string, string> = {}) {
  const fetch = vi.fn(() => Promise.resolve(new Response(body, { status, headers })));
  vi.stubGlobal("fetch", fetch);
  return fetch;
}

async function failure(): Promise<ApiError> {
  const error: unknown = await api.get("/api/tokens").catch((reason: unknown) => reason);
  if (!(error instanceof ApiError)) throw new Error("expected an ApiError");
  return error;
}

test("a path is filled with escaped values, and what is not given stays out of the query", () => {
  const query = { search: "", page: 2, userId: null, status: undefined, label: ["a", "b c"] };
  expect(urlOf("/api/configs/{id}/toml", { path: { id: "a/b ü" }, query })).toBe(
    "/api/configs/a%2Fb%20%C3%BC/toml?page=2&label=a&label=b+c",
  );
});

test("the server's own words reach the person, with what is wrong with which field", async () => {
  const envelope = {
    error: "validation_failed",
    message: "name: must not be empty.",
    details: { fields: [{ field: "name", problem: "must not be empty" }] },
  };
  answering(400, JSON.stringify(envelope));
  const error = await failure();
  expect(error).toMatchObject({ status: 400, code: "validation_failed", message: "name: must not be empty." });
  expect(error.fields).toEqual([{ field: "name", problem: "must not be empty" }]);
});

test("a proxy's page in place of an answer is an error with a status, not a crash", async () => {
  answering(502, "<html>Bad Gateway</html>", { "Retry-After": "5" });
  const error = await failure();
  expect(error).toMatchObject({ status: 502, code: "unexpected_answer", retryAfter: 5, isPassing: true });
});

test("a controller that cannot be reached is said in a sentence", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
  expect((await failure()).message).toContain("cannot be reached");
});

test("a request that was called off stays an AbortError, which nobody has to see", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new DOMException("called off", "AbortError")));
  await expect(api.get("/api/tokens")).rejects.toMatchObject({ name: "AbortError" });
});

test("a body is sent as JSON with the cookie of this origin alone", async () => {
  const fetch = answering(200, "{}");
  await api.post("/api/auth/login/local", { body: { username: "mona", password: "secret" } });
  expect(fetch).toHaveBeenCalledWith(
    "/api/auth/login/local",
    expect.objectContaining({
      method: "POST",
      credentials: "same-origin",
      body: '{"username":"mona","password":"secret"}',
      headers: { Accept: "application/json", "Content-Type": "application/json" },
    }),
  );
});
