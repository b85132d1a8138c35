/** HTTP/1 carried over HTTP/2 between proxies, and back (WIRE11). */

import type { RequestHead, ResponseHead } from "#lib/http/message.ts";

/** The header that remembers the version of the original message. */
export const ORIG_PROTO = "l5d-orig-proto";

/** Whether a request may be carried so: no CONNECT, nothing that asks for an upgrade, and not without a host (HTTP/1.0). */
export function isCarriable(head: RequestHead): boolean {
  return head.method !== "CONNECT" && head.authority !== "" && !head.headers.has("upgrade");
}

/** Turns an HTTP/1 request into the HTTP/2 one that carries it. Hop-by-hop headers are gone already. */
export function carry(head: RequestHead): void {
  head.headers.add(
    ORIG_PROTO,
    head.scheme === "" ? head.version : `${head.version}; absolute-form`,
  );
  if (head.scheme === "") head.scheme = "http";
  head.version = "HTTP/2";
}

/** Restores a carried request; false where the request was not carried. */
export function restoreRequest(head: RequestHead): boolean {
  const original = head.headers.get(ORIG_PROTO);
  if (original === undefined) return false;
  head.headers.delete(ORIG_PROTO);
  head.version = original.startsWith("HTTP/1.0") ? "HTTP/1.0" : "HTTP/1.1";
  if (!original.endsWith("; absolute-form")) head.scheme = "";
  return true;
}

/** Marks the response of a carried request with the version the application answered in. */
export function carryResponse(head: ResponseHead): void {
  head.headers.set(ORIG_PROTO, head.version === "HTTP/1.0" ? "HTTP/1.0" : "HTTP/1.1");
  head.version = "HTTP/2";
}

/** Restores the version of a carried response. */
export function restoreResponse(head: ResponseHead): void {
  const original = head.headers.get(ORIG_PROTO);
  if (original === undefined) return;
  head.headers.delete(ORIG_PROTO);
  head.version = original === "HTTP/1.0" ? "HTTP/1.0" : "HTTP/1.1";
}
