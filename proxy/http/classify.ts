/** Whether a response counts as success or failure. */

import type { HeaderList } from "#lib/http/headers.ts";

/** gRPC codes that Linkerd's default classification counts as failures: 2, 4, 7, 12 to 15. */
const GRPC_FAILURES: ReadonlySet<number> = new Set([2, 4, 7, 12, 13, 14, 15]);

/** Whether a request or response is gRPC, by its content type. */
export function isGrpc(headers: HeaderList): boolean {
  return headers.get("content-type")?.startsWith("application/grpc") === true;
}

/** The last code that gRPC knows. */
const HIGHEST_CODE = 16;
const UNKNOWN = 2;

/** The code in `grpc-status`, UNKNOWN for one that gRPC does not know; undefined where absent or malformed. */
export function grpcStatusOf(headers: HeaderList | undefined): number | undefined {
  const text = headers?.get("grpc-status");
  if (text === undefined || !/^\d{1,5}$/.test(text)) return undefined;
  const code = Number(text);
  return code > HIGHEST_CODE ? UNKNOWN : code;
}

/** The same of a call, in the head of its answer or after it; -1 where there is none, and of what is no call. */
export function callStatusOf(headers: HeaderList | undefined, grpc: boolean): number {
  return grpc ? (grpcStatusOf(headers) ?? -1) : -1;
}

/** 5xx fails; a gRPC response is judged by its code where it has one. */
export function isFailure(status: number, grpcStatus: number | undefined): boolean {
  return grpcStatus === undefined ? status >= 500 : GRPC_FAILURES.has(grpcStatus);
}

/** Whether an answer turns the exchange into a tunnel of bytes both ways (RFC 9110 §9.3.6, §15.2.2). */
export function isTunnel(method: string, status: number): boolean {
  return status === 101 || (method === "CONNECT" && status < 300);
}

/** What an answer says of who gave it: `limited` where it asks for fewer requests. A status of 0 is no answer, -1 no code. */
export function answerClass(status: number, grpcStatus: number): "success" | "failure" | "limited" {
  if (status === 0 || isFailure(status, grpcStatus < 0 ? undefined : grpcStatus)) return "failure";
  return status === TOO_MANY_REQUESTS || grpcStatus === RESOURCE_EXHAUSTED ? "limited" : "success";
}

const TOO_MANY_REQUESTS = 429;
const RESOURCE_EXHAUSTED = 8;
