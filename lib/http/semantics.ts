/** What holds for messages whatever version carries them (RFC 9110). */

import type { HeaderList } from "./headers.ts";

/** More informational responses to one request than this are refused. */
export const INFORMATIONAL_LIMIT = 32;

/** The bytes that a content-length says; -1 where it is no number, or one of more than 15 digits (2^53 has 16). */
export function parseContentLength(value: string): number {
  const { length } = value;
  if (length === 0 || length > 15) return -1;
  let bytes = 0;
  for (let i = 0; i < length; i++) {
    const digit = value.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return -1;
    bytes = bytes * 10 + digit;
  }
  return bytes;
}

/** Fields that concern one connection only (RFC 9110 §7.6.1). */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "proxy-connection",
  "keep-alive",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
  "te",
]);

/** The lengths of their names: most fields need no further look. */
const HOP_BY_HOP_LENGTHS: Uint8Array = Uint8Array.from({ length: 32 }, (_, length) =>
  [...HOP_BY_HOP].some((name) => name.length === length) ? 1 : 0,
);

function isHopByHop(name: string): boolean {
  return HOP_BY_HOP_LENGTHS[name.length] === 1 && HOP_BY_HOP.has(name);
}

/**
 * Removes what concerns the connection a message came on, and what its `Connection` field names. `te: trailers` stays,
 * and with `upgrading` what the connection is to switch to.
 */
export function removeHopByHop(headers: HeaderList, upgrading = false): void {
  const { names, values } = headers;
  let first = 0;
  while (first < names.length && !isHopByHop(names[first] as string)) first++;
  if (first === names.length) return;
  let connection = "";
  let trailers = false;
  for (let i = first; i < names.length; i++) {
    const value = values[i] as string;
    if (names[i] === "connection") connection = joinNamed(connection, value);
    else if (names[i] === "te") trailers ||= asksForTrailers(value);
  }
  const upgrade = upgrading ? headers.get("upgrade") : undefined;
  dropHopByHop(headers, first);
  if (connection !== "") removeNamed(headers, connection);
  if (trailers) headers.add("te", "trailers");
  if (upgrade !== undefined) headers.add("upgrade", upgrade);
}

/** What nearly all messages say of their connection names no field. */
function joinNamed(before: string, value: string): string {
  if (value === "keep-alive" || value === "close") return before;
  return before === "" ? value : `${before},${value}`;
}

function dropHopByHop(headers: HeaderList, first: number): void {
  const { names, values } = headers;
  let kept = first;
  for (let i = first + 1; i < names.length; i++) {
    const name = names[i] as string;
    if (isHopByHop(name)) continue;
    names[kept] = name;
    values[kept++] = values[i] as string;
  }
  headers.truncate(kept);
}

function removeNamed(headers: HeaderList, connection: string): void {
  for (const each of connection.toLowerCase().split(",")) {
    const name = each.trim();
    if (!isEndToEnd(name)) headers.delete(name);
  }
}

/**
 * Makes one field of a cookie that HTTP/2 has sent in crumbs, as it must be before it leaves HTTP/2 (RFC 9113 §8.2.3):
 * servers of HTTP/1 look for one (RFC 6265 §5.4).
 */
export function joinCookies(headers: HeaderList): void {
  const crumbs = headers.getAll("cookie");
  if (crumbs.length > 1) headers.set("cookie", crumbs.join("; "));
}

function asksForTrailers(te: string): boolean {
  return te
    .toLowerCase()
    .split(",")
    .some((each) => each.trim() === "trailers");
}

/**
 * `Connection` may name these, but they mean the whole way and stay: a peer could else take away what says who calls,
 * what is called, or what the mesh has written.
 */
const END_TO_END: RegExp =
  /^(l5d-|bunkerd-|content-|x-forwarded-|x-b3-|grpc-|host$|forwarded$|x-real-ip$|via$|(proxy-)?authorization$|(set-)?cookie$|traceparent$|tracestate$|b3$)/;

function isEndToEnd(name: string): boolean {
  return END_TO_END.test(name);
}

/** Fields that frame, route, authorize or describe a message: only its head may have them (RFC 9110 §6.5.1). */
const HEAD_ONLY: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  ...["host", "trailer", "content-length", "content-type", "content-encoding", "content-range"],
  ...["authorization", "proxy-authorization", "www-authenticate", "proxy-authenticate"],
  ...["cookie", "set-cookie", "expect", "max-forwards", "cache-control", "range", "age", "date"],
  ...["expires", "location", "retry-after", "vary", "warning", "forwarded", "x-real-ip"],
  ...["if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range"],
]);

/** Whether a field is dropped from trailers: nothing that comes after a body may pass for what a head says. */
export function isHeadOnly(name: string): boolean {
  return HEAD_ONLY.has(name) || /^(l5d-|bunkerd-|x-forwarded-)/.test(name);
}

/** Removes from trailers what only a head may say. */
export function removeHeadOnly(trailers: HeaderList): void {
  for (const name of new Set(trailers.names.filter(isHeadOnly))) trailers.delete(name);
}

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
