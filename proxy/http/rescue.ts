/** The one place where an error becomes a response (proxy.md, section 2). */

import { HeaderList } from "#lib/http/headers.ts";
import type { ResponseHead } from "#lib/http/message.ts";
import { LineError } from "#lib/http-io/waiting-line.ts";
import type { LimitKind } from "./request-limits.ts";
import { isSpokenAsHttp2, isToldByCode, type Spoken } from "./resend.ts";

/** Errors that answer a request, by the condition's name in Linkerd's table. */
export type ErrorKind =
  | "no-route"
  | "unauthorized"
  | "rate-limited"
  | "failfast"
  | "loadshed"
  | "connect-timeout"
  | `${LimitKind}-timeout`
  | "io"
  | "identity-required"
  | "gateway-domain"
  | "gateway-loop"
  | "redirect"
  | "injected-failure"
  | "invalid-redirect"
  | "invalid-backend"
  | "invalid-policy"
  | "unexpected";

/** What a client sees. */
export interface ErrorAnswer {
  readonly status: number;
  readonly grpcStatus: number;
  /** The accepted connection is closed after it. */
  readonly closes: boolean;
  /** The value of the label `error`. */
  readonly label: string;
}

const TIMEOUT: ErrorAnswer = {
  ...{ status: 504, grpcStatus: 4, closes: false },
  label: "response timeout",
};

/** Rows ERR1 to ERR20, as far as they can happen. */
export const ANSWERS: Readonly<Record<ErrorKind, ErrorAnswer>> = {
  "no-route": { status: 404, grpcStatus: 5, closes: false, label: "unexpected" },
  unauthorized: { status: 403, grpcStatus: 7, closes: false, label: "unexpected" },
  "rate-limited": { status: 429, grpcStatus: 8, closes: false, label: "unexpected" },
  failfast: { status: 504, grpcStatus: 4, closes: true, label: "failfast" },
  loadshed: { status: 503, grpcStatus: 14, closes: true, label: "loadshed" },
  "connect-timeout": { status: 504, grpcStatus: 4, closes: true, label: "i/o" },
  "request-timeout": TIMEOUT,
  "response-timeout": TIMEOUT,
  "idle-timeout": TIMEOUT,
  "headers-timeout": TIMEOUT,
  "profile-timeout": { ...TIMEOUT, closes: true },
  io: { status: 502, grpcStatus: 14, closes: true, label: "i/o" },
  "identity-required": {
    ...{ status: 502, grpcStatus: 14, closes: true },
    label: "identity required",
  },
  "gateway-domain": {
    ...{ status: 404, grpcStatus: 5, closes: false },
    label: "gateway domain invalid",
  },
  "gateway-loop": { status: 508, grpcStatus: 10, closes: true, label: "gateway loop" },
  redirect: { status: 301, grpcStatus: 5, closes: false, label: "unexpected" },
  "injected-failure": { status: 500, grpcStatus: 9, closes: false, label: "unexpected" },
  "invalid-redirect": { status: 500, grpcStatus: 13, closes: true, label: "unexpected" },
  "invalid-backend": { status: 502, grpcStatus: 14, closes: true, label: "unexpected" },
  "invalid-policy": { status: 500, grpcStatus: 13, closes: true, label: "unexpected" },
  unexpected: { status: 500, grpcStatus: 13, closes: true, label: "unexpected" },
};

/**
 * Our inbound's word that no byte of the request has reached the application; our outbound takes it away and tries
 * another endpoint. A genuine proxy passes it on with the 502.
 */
export const NOT_DELIVERED = "bunkerd-not-delivered";

/** Takes that word from a response; false where it has none, and nearly always its headers need not be looked at. */
export function takeUndelivered({ status, headers }: ResponseHead, end: boolean): boolean {
  const mayBe =
    end && (status === ANSWERS.io.status || status === ANSWERS.failfast.status || status === 200);
  return mayBe && headers.delete(NOT_DELIVERED);
}

/** What it is that no connection could be had. */
export function kindOf(error: Error): "connect-timeout" | "io" | "failfast" | "loadshed" {
  if (error instanceof LineError) return error.code;
  return (error as { readonly code?: string }).code === "timeout" ? "connect-timeout" : "io";
}

/** What policy says of an answer, in place of what its kind has. */
export interface ErrorDetail {
  readonly status?: number;
  readonly grpcStatus?: number;
  readonly location?: string;
}

/** Builds the response to a failed request. A message that no field can carry is not shown. */
export function errorResponse(
  kind: ErrorKind,
  how: {
    readonly message: string;
    readonly grpc: boolean;
    readonly http1: boolean;
    /** Whether the headers that explain may be shown. */
    readonly informational: boolean;
    /** Whether to say that the application has not seen the request. */
    readonly notDelivered: boolean;
    readonly detail?: ErrorDetail | undefined;
  },
): ResponseHead {
  const answer: ErrorAnswer & ErrorDetail = { ...ANSWERS[kind], ...how.detail };
  const message = /^[\t -~]*$/.test(how.message) ? how.message : "unexpected error";
  const headers = new HeaderList();
  if (!how.grpc && answer.location !== undefined) headers.add("location", answer.location);
  if (how.grpc) {
    headers.add("content-type", "application/grpc");
    headers.add("grpc-status", String(answer.grpcStatus));
    if (how.informational)
      headers.add("grpc-message", encodeURIComponent(how.message).replaceAll("%20", " "));
  }
  headers.add("content-length", "0");
  if (how.notDelivered) headers.add(NOT_DELIVERED, "1");
  if (how.informational) headers.add("l5d-proxy-error", message);
  if (answer.closes) {
    if (how.http1) headers.add("connection", "close");
    if (how.informational) headers.add("l5d-proxy-connection", "close");
  }
  return {
    status: how.grpc ? 200 : answer.status,
    version: how.http1 ? "HTTP/1.1" : "HTTP/2",
    headers,
  };
}

/** The response to a request under way that failed. */
export function refusalOf(
  request: Spoken & {
    readonly grpc: boolean;
    readonly direction: { readonly informational: boolean; readonly rescues: boolean };
    readonly attempt: { readonly maybeProcessed: boolean };
  },
  {
    kind,
    message,
    detail,
  }: {
    readonly kind: ErrorKind;
    readonly message: string;
    readonly detail: ErrorDetail | undefined;
  },
): ResponseHead {
  const { direction, attempt } = request;
  const { informational, rescues } = direction;
  const undelivered = !attempt.maybeProcessed && (kind === "io" || kind === "connect-timeout");
  return errorResponse(kind, {
    message,
    detail,
    grpc: isToldByCode(request),
    http1: !isSpokenAsHttp2(request),
    informational,
    notDelivered: informational && !rescues && undelivered,
  });
}
