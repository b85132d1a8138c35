/** Whether a request that was lost may go out again (RFC 9110 §9.2.2). */

import type { RequestHead } from "#lib/http/message.ts";
import { isIdempotent } from "#lib/http/semantics.ts";
import type { Reset } from "#lib/http-io/exchange.ts";
import { isUpgradable } from "#lib/http-io/upgrade-stream.ts";
import { ErrorCode } from "#lib/http2/http2-error.ts";
import { ORIG_PROTO } from "./orig-proto.ts";

/** Into what a request was turned: HTTP/2 that carries it between proxies, or an Upgrade of HTTP/1 out of an extended CONNECT. */
export type Turned = "nothing" | "carried" | "upgrade";

/**
 * Where it was surely not processed, or once more (`resent` says whether it was) where the method allows it and the
 * connection broke without a word: an application that closes its listener does that to connections that it has not
 * accepted yet.
 */
export function mayResend(reset: Reset, method: string, resent: boolean): boolean {
  return reset.unprocessed || (!resent && reset.reason === "connection" && isIdempotent(method));
}

/** Whether its server takes no extended CONNECT over HTTP/2, and may still take an Upgrade. */
export function mayUpgrade({ unprocessed, code }: Reset, head: RequestHead): boolean {
  return unprocessed && code === ErrorCode.CONNECT_ERROR && isUpgradable(head);
}

/** What tells what a client speaks. */
export interface Spoken {
  readonly request: Pick<RequestHead, "version" | "headers">;
  readonly turned: Turned;
}

/** Whether a client speaks HTTP/2: not one whose HTTP/1 was carried over it. */
export function isSpokenAsHttp2({ request, turned }: Spoken): boolean {
  return request.version === "HTTP/2" && turned !== "carried";
}

/** Whether a client hears of a reset stream as it is (ERR19): not one that speaks HTTP/1 (ERR10). */
export function isPassedOn({ reason }: Reset, request: Spoken): boolean {
  return isSpokenAsHttp2(request) && reason !== "connection";
}

/**
 * Whether a client hears of our errors by a code of gRPC: over HTTP/2 alone, so that gRPC-Web over HTTP/1 gets a status,
 * also where it comes carried and is refused before it is restored.
 */
export function isToldByCode(request: Spoken & { readonly grpc: boolean }): boolean {
  return request.grpc && isSpokenAsHttp2(request) && !request.request.headers.has(ORIG_PROTO);
}
