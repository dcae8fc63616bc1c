export type FieldProblem = { field: string; problem: string };

/** Every failed request: the server's own code and sentence, or `unreachable` when it gave none. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly code: string;
  readonly details: Record<string, unknown>;
  /** Seconds until it is worth trying again, when the server said so. */
  readonly retryAfter: number | null;
  readonly receivedAtMs = Date.now();

  constructor(
    status: number,
    code: string,
    message: string,
    details: Record<string, unknown> = {},
    retryAfter: number | null = null,
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
    this.retryAfter = retryAfter;
  }

  /** What is wrong with which field of what was sent (`validation_failed`). */
  get fields(): FieldProblem[] {
    return Array.isArray(this.details.fields) ? (this.details.fields as FieldProblem[]) : [];
  }

  /** Whether the same request may well succeed a little later. */
  get isPassing(): boolean {
    return this.status === 0 || this.status >= 502;
  }
}

export function isApiError(error: unknown, code?: string): error is ApiError {
  return error instanceof ApiError && (code === undefined || error.code === code);
}

/** The sentence of an error for a person. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : "Something went wrong.";
}

/** Read an answer that is not 2xx, whoever sent it: a proxy in between answers HTML. */
export async function errorOfResponse(response: Response): Promise<ApiError> {
  const retryAfter = Number(response.headers.get("Retry-After")) || null;
  const body: unknown = await response.json().catch(() => null);
  if (isEnvelope(body)) {
    return new ApiError(response.status, body.error, body.message, body.details ?? {}, retryAfter);
  }
  const sentence = `The server answered ${response.status}${response.statusText && ` ${response.statusText}`}.`;
  return new ApiError(response.status, "unexpected_answer", sentence, {}, retryAfter);
}

type Envelope = { error: string; message: string; details?: Record<string, unknown> };

function isEnvelope(body: unknown): body is Envelope {
  return typeof body === "object" && body !== null && "error" in body && "message" in body;
}
