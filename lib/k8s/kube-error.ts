/** What the Kubernetes API refused, by a closed code. */

/** Codes by the HTTP status; `unreachable` where no answer came. */
export type KubeErrorCode =
  | "invalid"
  | "unauthorized"
  | "forbidden"
  | "not-found"
  | "conflict"
  | "already-exists"
  | "gone"
  | "too-many-requests"
  | "server"
  | "unreachable";

/** What an error is made of. */
type Facts = {
  readonly status?: number;
  readonly reason?: string;
  readonly message: string;
  readonly cause?: unknown;
  readonly retryAfterMs?: number | undefined;
};

/** A request that the API did not fulfil; `reason` is the Status object's, `status` 0 where no answer came. */
export class KubeError extends Error {
  override readonly name = "KubeError";
  readonly code: KubeErrorCode;
  readonly status: number;
  readonly reason: string;
  /** Milliseconds that the API asks to be left alone for. */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: KubeErrorCode,
    { status = 0, reason = "", message, cause, retryAfterMs }: Facts,
  ) {
    super(message, { cause });
    this.retryAfterMs = retryAfterMs;
    this.code = code;
    this.status = status;
    this.reason = reason;
  }
}

const CODES: Readonly<Record<number, KubeErrorCode>> = {
  401: "unauthorized",
  403: "forbidden",
  404: "not-found",
  409: "conflict",
  410: "gone",
  429: "too-many-requests",
};

const SERVER_ERROR = 500;

/** An answer that is no success; `retryAfter` is the header field. */
type Refusal = {
  readonly status: number;
  readonly body: string;
  readonly retryAfter?: string | null;
};

/** An error out of an answer; the body is a Status object, or any text of whoever stands between. */
export function kubeErrorOf(verb: string, { status, body, retryAfter }: Refusal): KubeError {
  const { reason = "", message = body.slice(0, 200), details } = parseStatus(body);
  const seconds = Number(retryAfter ?? details?.retryAfterSeconds ?? Number.NaN);
  const code =
    reason === "AlreadyExists"
      ? "already-exists"
      : (CODES[status] ?? (status >= SERVER_ERROR ? "server" : "invalid"));
  return new KubeError(code, {
    status,
    reason,
    retryAfterMs: seconds >= 0 ? seconds * 1000 : undefined,
    message: `Cannot ${verb}: ${message === "" ? `status ${status}` : message}`,
  });
}

type Status = {
  readonly reason?: string;
  readonly message?: string;
  readonly details?: { readonly retryAfterSeconds?: number } | null;
};

function parseStatus(body: string): Status {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}
