import { ApiError, errorOfResponse } from "./errors";
import type { paths } from "./schema";

type Verb = "get" | "post" | "put" | "patch" | "delete";
type PathsWith<V extends Verb> = {
  [P in keyof paths]: paths[P] extends Record<V, { responses: unknown }> ? P : never;
}[keyof paths];
type Operation<V extends Verb, P extends keyof paths> = Extract<paths[P][V & keyof paths[P]], { responses: unknown }>;

type PathOf<O> = O extends { parameters: { path: infer T } } ? { path: T } : { path?: never };
type QueryOf<O> = O extends { parameters: { query?: infer T } } ? { query?: Exclude<T, undefined> } : { query?: never };
type BodyOf<O> = O extends { requestBody: { content: { "application/json": infer T } } }
  ? { body: T }
  : O extends { requestBody?: { content: { "application/json": infer T } } }
    ? { body?: T }
    : { body?: never };

type RequestOf<O> = PathOf<O> & QueryOf<O> & BodyOf<O> & { signal?: AbortSignal };
type Arguments<O> = object extends RequestOf<O> ? [request?: RequestOf<O>] : [request: RequestOf<O>];

type JsonOf<R> = R extends { content: { "application/json": infer T } } ? T : undefined;
type Success<R> = { [S in keyof R & (200 | 201 | 204)]: JsonOf<R[S]> }[keyof R & (200 | 201 | 204)];
type AnswerOf<O> = O extends { responses: infer R } ? Success<R> : never;

type AnyRequest = {
  path?: Record<string, unknown>;
  query?: Record<string, unknown>;
  body?: unknown;
  signal?: AbortSignal;
};

type Call<V extends Verb> = <P extends PathsWith<V>>(
  path: P,
  ...request: Arguments<Operation<V, P>>
) => Promise<AnswerOf<Operation<V, P>>>;

function caller<V extends Verb>(verb: V): Call<V> {
  return ((path: string, request: AnyRequest = {}) => send(verb, path, request)) as Call<V>;
}

/**
 * The one way to the server. Paths, parameters, bodies and answers are typed by our OpenAPI document; the session is a
 * cookie of this origin. Rejects with ApiError, and with nothing else but the AbortError of its own signal.
 */
export const api = {
  get: caller("get"),
  post: caller("post"),
  put: caller("put"),
  patch: caller("patch"),
  delete: caller("delete"),
};

/** A text of the server: a configuration as an agent gets it. Rejects as `api` does. */
export async function getText(template: PathsWith<"get">, request: Omit<AnyRequest, "body">): Promise<string> {
  return (await answerOf("get", template, request, "*/*")).text();
}

async function send(verb: Verb, template: string, request: AnyRequest): Promise<unknown> {
  const response = await answerOf(verb, template, request, "application/json");
  return response.status === 204 ? undefined : ((await response.json()) as unknown);
}

async function answerOf(verb: Verb, template: string, request: AnyRequest, accept: string): Promise<Response> {
  const response = await reach(urlOf(template, request), {
    method: verb.toUpperCase(),
    headers: {
      Accept: accept,
      ...(request.body === undefined ? {} : { "Content-Type": "application/json" }),
    },
    body: request.body === undefined ? undefined : JSON.stringify(request.body),
    credentials: "same-origin",
    signal: request.signal ?? null,
  });
  if (!response.ok) throw await errorOfResponse(response);
  return response;
}

async function reach(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "unreachable", "The controller cannot be reached. Check the connection and try again.");
  }
}

/** Fill `{…}` of a path and append the query. Empty text, null and undefined mean "not given". */
export function urlOf(template: string, { path = {}, query = {} }: AnyRequest): string {
  const filled = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(path[name])));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null && one !== "") search.append(name, String(one));
    }
  }
  return search.size ? `${filled}?${search}` : filled;
}
