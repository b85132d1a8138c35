/** What holds for messages whatever version carries them (RFC 9110). */

import type { HeaderList } from "./headers.ts";

/** Fields that concern one connection only (RFC 9110 §7.6.1). */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "proxy-connection",
  "keep-alive",
  "transfer-encoding",
  "upgrade",
  "te",
]);

/** Removes what concerns the connection a message came on, and what its `Connection` field names; `te: trailers` stays. */
export function removeHopByHop(headers: HeaderList): void {
  const { names } = headers;
  let found = false;
  for (let i = 0; i < names.length && !found; i++) found = HOP_BY_HOP.has(names[i] as string);
  if (!found) return;
  const named = headers.getAll("connection").join(",").toLowerCase().split(",");
  const trailers = headers.getAll("te").some((value) => value.toLowerCase().includes("trailers"));
  for (const name of HOP_BY_HOP) headers.delete(name);
  for (const each of named) {
    const name = each.trim();
    if (!KEPT.has(name)) headers.delete(name);
  }
  if (trailers) headers.add("te", "trailers");
}

/** `Connection` may name these, but they mean the whole way and stay. */
const KEPT: ReadonlySet<string> = new Set([
  "content-length",
  "content-type",
  "host",
  "authorization",
  "cookie",
]);

/** Methods that may be made twice (RFC 9110 §9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set([
  "GET",
  "HEAD",
  "OPTIONS",
  "TRACE",
  "PUT",
  "DELETE",
]);

/** Whether a request of this method may be sent again where a connection died without an answer. */
export function isIdempotent(method: string): boolean {
  return IDEMPOTENT.has(method);
}
