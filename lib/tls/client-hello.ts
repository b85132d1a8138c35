/** SNI and ALPN out of the first bytes of a connection, without any cryptography. */

import { isDnsName } from "#lib/addr/dns-name.ts";

/** How many bytes of a ClientHello are looked at before the connection counts as foreign. */
export const CLIENT_HELLO_LIMIT_BYTES: number = 16 * 1024;

/**
 * A ClientHello in more records than this counts as foreign. RFC 8446 §5.1 sets no limit; clients use one, or two, and
 * those who hide their SNI from middleboxes a handful.
 */
export const CLIENT_HELLO_RECORDS = 64;

/** What the first bytes say. */
export type ClientHello =
  | { readonly type: "incomplete" }
  | { readonly type: "not-tls" }
  | { readonly type: "tls"; readonly sni: string | undefined; readonly alpn: readonly string[] };

const NOT_TLS: ClientHello = { type: "not-tls" };
const INCOMPLETE: ClientHello = { type: "incomplete" };
const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
const EXTENSION_SNI = 0;
const EXTENSION_ALPN = 16;
/** No name of a host ends in a number, so as not to be taken for an address (RFC 3696 §2). */
const NUMERIC_END = /(?:^|\.)\d+$/;

/** Reads a ClientHello (RFC 8446 §4.1.2) from the bytes so far, which may split it anywhere, also over records. */
export function readClientHello(bytes: Uint8Array): ClientHello {
  if (bytes.length === 0) return INCOMPLETE;
  if (bytes[0] !== HANDSHAKE_RECORD) return NOT_TLS;
  if (bytes.length >= 2 && bytes[1] !== 3) return NOT_TLS;
  const message = joinRecords(bytes);
  if (message === undefined) return NOT_TLS;
  if (message.length >= 1 && message[0] !== CLIENT_HELLO) return NOT_TLS;
  if (message.length < 4) return INCOMPLETE;
  const length = uint(message, 1, 3);
  if (length > CLIENT_HELLO_LIMIT_BYTES) return NOT_TLS;
  if (message.length < 4 + length) return INCOMPLETE;
  return parseBody(message.subarray(4, 4 + length)) ?? NOT_TLS;
}

/**
 * The handshake bytes of the records so far, up to that which ends the message; undefined where another record type
 * comes before, one is empty (RFC 8446 §5.1 forbids both), or there are too many.
 */
function joinRecords(bytes: Uint8Array): Uint8Array | undefined {
  const parts: Uint8Array[] = [];
  let total = 0;
  let at = 0;
  while (at < bytes.length && !isWhole(parts, total)) {
    if (bytes[at] !== HANDSHAKE_RECORD) return undefined;
    if (at + 5 > bytes.length) break;
    const length = uint(bytes, at + 3, 2);
    if (length === 0 || parts.length === CLIENT_HELLO_RECORDS) return undefined;
    const part = bytes.subarray(at + 5, at + 5 + length);
    parts.push(part);
    total += part.length;
    at += 5 + length;
  }
  return concat(parts, total);
}

/** Whether these parts hold the message that they begin. */
function isWhole(parts: readonly Uint8Array[], total: number): boolean {
  if (total < 4) return false;
  const [first] = parts;
  const head = first !== undefined && first.length >= 4 ? first : concat(parts, total);
  return total >= 4 + uint(head, 1, 3);
}

function concat(parts: readonly Uint8Array[], total: number): Uint8Array {
  const [first] = parts;
  if (parts.length === 1 && first !== undefined) return first;
  const joined = new Uint8Array(total);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Reads the body of a ClientHello; undefined where its lengths do not fit. */
function parseBody(body: Uint8Array): ClientHello | undefined {
  let at = 2 + 32;
  at += 1 + uint(body, at, 1);
  at += 2 + uint(body, at, 2);
  at += 1 + uint(body, at, 1);
  if (at === body.length) return { type: "tls", sni: undefined, alpn: [] };
  const end = at + 2 + uint(body, at, 2);
  at += 2;
  if (end !== body.length) return undefined;
  let sni: string | undefined;
  let alpn: readonly string[] = [];
  while (at + 4 <= end) {
    const kind = uint(body, at, 2);
    const next = at + 4 + uint(body, at + 2, 2);
    if (next > end) return undefined;
    if (kind === EXTENSION_SNI) sni = readSni(body.subarray(at + 4, next));
    else if (kind === EXTENSION_ALPN) alpn = readAlpn(body.subarray(at + 4, next));
    at = next;
  }
  return { type: "tls", sni, alpn };
}

/**
 * The host name of a server_name extension (RFC 6066 §3), in lower case and without a last dot. What is no name says
 * nothing, nor does an address, which clients must not send: whoever connects would make up labels and keys of any size.
 */
function readSni(bytes: Uint8Array): string | undefined {
  const length = uint(bytes, 3, 2);
  if (bytes[2] !== 0 || 5 + length > bytes.length) return undefined;
  const name = text(bytes.subarray(5, 5 + length))
    .toLowerCase()
    .replace(/\.$/, "");
  return isDnsName(name) && !NUMERIC_END.test(name) ? name : undefined;
}

/** The names of an ALPN extension (RFC 7301 §3.1); none where their lengths do not fit. */
function readAlpn(bytes: Uint8Array): readonly string[] {
  const names: string[] = [];
  for (let at = 2; at < bytes.length; ) {
    const length = uint(bytes, at, 1);
    if (length === 0 || at + 1 + length > bytes.length) return [];
    names.push(text(bytes.subarray(at + 1, at + 1 + length)));
    at += 1 + length;
  }
  return names;
}

function uint(bytes: Uint8Array, at: number, width: number): number {
  let value = 0;
  for (let i = at; i < at + width; i++) value = value * 256 + (bytes[i] ?? 0);
  return value;
}

const decoder = new TextDecoder("latin1");
const text = (bytes: Uint8Array): string => decoder.decode(bytes);
