/** How the families of policy count a request that failed (MET24): by the answer that was made of it, or by a fault. */

import type { Reset } from "#lib/http-io/exchange.ts";
import { ErrorCode } from "#lib/http2/http2-error.ts";
import type { Ending, Fault } from "../telemetry/request-series.ts";
import type { LimitKind } from "./request-limits.ts";
import { ANSWERS, type ErrorDetail, type ErrorKind } from "./rescue.ts";

const FAULT_OF: { readonly [kind in ErrorKind]?: Fault } = {
  failfast: "FAIL_FAST",
  loadshed: "LOAD_SHED",
  "request-timeout": "REQUEST_TIMEOUT",
  "headers-timeout": "RESPONSE_HEADERS_TIMEOUT",
  "response-timeout": "RESPONSE_STREAM_TIMEOUT",
  "idle-timeout": "IDLE_TIMEOUT",
};
/** gRPC's code of what has none. */
const UNKNOWN_CODE = 2;

/** The fault of an error of ours. */
export const faultOf = (kind: ErrorKind): Fault => FAULT_OF[kind] ?? "UNKNOWN";

/** How a request ended, a call where `grpc`, that failed before an answer began. */
export function endingOf(kind: ErrorKind, grpc: boolean, detail: ErrorDetail | undefined): Ending {
  // Errors of an endpoint's connection are answers to everybody above it.
  if (kind === "io" || kind === "connect-timeout") {
    const { status, grpcStatus } = ANSWERS[kind];
    return { status: grpc ? 200 : status, grpcStatus: grpc ? grpcStatus : -1, fault: "" };
  }
  if (kind === "redirect" || kind === "injected-failure") {
    const { status = ANSWERS[kind].status, grpcStatus = UNKNOWN_CODE } = detail ?? {};
    return { status, grpcStatus, fault: "" };
  }
  return { status: 0, grpcStatus: -1, fault: faultOf(kind) };
}

/** The fault of a stream that its server broke off; of HTTP/1 nothing more is known. */
export function faultOfReset({ reason, code }: Reset, version: string): Fault {
  if (version !== "HTTP/2" || reason === "timeout") return "UNKNOWN";
  if (reason === "go-away") return "GO_AWAY";
  if (reason === "connection") return "IO";
  switch (code) {
    case ErrorCode.CANCEL:
      return "CANCEL";
    case ErrorCode.REFUSED_STREAM:
      return "REFUSED";
    case ErrorCode.ENHANCE_YOUR_CALM:
      return "ENHANCE_YOUR_CALM";
    default:
      return "RESET";
  }
}

/** The code by which a client of HTTP/2 hears that its answer is broken off: its server's, where that said one. */
export function codeOf(why: Reset | LimitKind): number {
  const code = typeof why === "string" ? ErrorCode.NO_ERROR : why.code;
  return code === ErrorCode.NO_ERROR ? ErrorCode.INTERNAL_ERROR : code;
}
