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

/** A request that the API did not fulfil; `reason` is the Status object's, `status` 0 where no answer came. */
export class KubeError extends Error {
  override readonly name = "KubeError";
  readonly code: KubeErrorCode;
  readonly status: number;
  readonly reason: string;

  constructor(
    code: KubeErrorCode,
    {
      status = 0,
      reason = "",
      message,
      cause,
    }: { status?: number; reason?: string; message: string; cause?: unknown },
  ) {
    super(message, { cause });
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

/** An error out of an answer; the body is a Status object, or any text of whoever stands between. */
export function kubeErrorOf(
  verb: string,
  { status, body }: { readonly status: number; readonly body: string },
): KubeError {
  const { reason = "", message = body.slice(0, 200) } = parseStatus(body);
  const code =
    reason === "AlreadyExists"
      ? "already-exists"
      : (CODES[status] ?? (status >= SERVER_ERROR ? "server" : "invalid"));
  return new KubeError(code, {
    status,
    reason,
    message: `Cannot ${verb}: ${message === "" ? `status ${status}` : message}`,
  });
}

function parseStatus(body: string): { readonly reason?: string; readonly message?: string } {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}
