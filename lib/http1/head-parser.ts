/** Heads out of bytes, strictly: where they end, and their start lines (RFC 9112 §2 to §4). */

import { latin1Slice } from "#lib/bytes/latin1.ts";
import type { RequestHead, ResponseHead } from "#lib/http/message.ts";
import { KIND, type ParsedFields, parseFields } from "./field-parser.ts";
import { type Http1Error, malformed, overLimit, unsupported } from "./http1-error.ts";
import { applyTarget } from "./request-target.ts";

/** A first line longer than this, its CRLF aside, gets 414: nearly all of it is the target. */
export const START_LINE_LIMIT_BYTES: number = 8 * 1024;
/** A method longer than this gets 501; the longest that is registered has 17 (IANA, HTTP Method Registry). */
export const METHOD_LIMIT_BYTES = 32;
/** A head longer than this, the blank line and the CRLF before it aside, gets 431. */
export const HEAD_LIMIT_BYTES: number = 64 * 1024;

const CR = 13;
const LF = 10;
/** As bytes: the runtime makes some of a text for each search. */
const BLANK_LINE: Buffer = Buffer.from("\r\n\r\n");

/**
 * Where the blank line ends that closes a head; -1 while it has not come. Bytes before `scanned` were looked at in vain
 * before. Throws where the head is too long.
 */
export function findHeadEnd(bytes: Buffer, from: number, scanned: number = from): number {
  const end = findBlankLine(bytes, from, scanned);
  // Of what ends a head, all but the last byte may be there.
  const length = (end < 0 ? bytes.length - 3 : end - 4) - from;
  const limit = from + START_LINE_LIMIT_BYTES + 1;
  if (length > HEAD_LIMIT_BYTES || (end < 0 && bytes.length > limit && scanned <= limit + 1)) {
    const lineEnd = bytes.indexOf(LF, from);
    if (lineEnd < 0 || lineEnd > limit) throw startLineTooLong();
  }
  if (length > HEAD_LIMIT_BYTES) throw overLimit(`its head exceeds ${HEAD_LIMIT_BYTES} bytes`, 431);
  return end;
}

/** Where the first blank line ends; -1 while it has not come. A line that ends without CR is refused at once. */
export function findBlankLine(bytes: Buffer, from: number, scanned: number): number {
  const at = bytes.indexOf(BLANK_LINE, Math.max(from, scanned - 3));
  if (at >= 0) return at + 4;
  for (let line = bytes.indexOf(LF, scanned); line >= 0; line = bytes.indexOf(LF, line + 1))
    if (line === from || bytes[line - 1] !== CR) throw malformed("a line ends without CR");
  return -1;
}

const startLineTooLong = (): Http1Error =>
  overLimit(`its first line exceeds ${START_LINE_LIMIT_BYTES} bytes`, 414);

/** Parses the request whose head is `bytes[from .. end)`, with its blank line; `fields` is told what else it says. */
export function parseRequest(
  bytes: Buffer,
  from: number,
  end: number,
  fields: ParsedFields,
): RequestHead {
  const text = latin1Slice(bytes, from, end - 2);
  const lineEnd = text.indexOf("\r\n");
  if (lineEnd > START_LINE_LIMIT_BYTES) throw startLineTooLong();
  const methodEnd = text.indexOf(" ");
  const targetEnd = text.indexOf(" ", methodEnd + 1);
  if (methodEnd <= 0 || targetEnd < 0 || targetEnd > lineEnd)
    throw malformed("its first line is no request line");
  const method = methodOf(text, methodEnd);
  const target = text.slice(methodEnd + 1, targetEnd);
  const version = versionOf(text, targetEnd + 1, lineEnd);
  parseFields(text, lineEnd + 2, fields);
  const head: RequestHead = {
    method,
    scheme: "",
    authority: "",
    path: target,
    version,
    protocol: "",
    headers: fields.headers,
  };
  applyTarget(head, target, fields.host);
  return head;
}

/** The methods of nearly all requests, as one string each. */
const METHODS: readonly string[] = ["GET", "POST", "PUT", "HEAD", "DELETE", "PATCH", "OPTIONS"];

function methodOf(text: string, end: number): string {
  for (let i = 0; i < METHODS.length; i++) {
    const method = METHODS[i] as string;
    if (method.length === end && text.startsWith(method)) return method;
  }
  checkMethod(text, end);
  return text.slice(0, end);
}

/**
 * Methods are case-sensitive (RFC 9110 §9.1), but there are servers that take `get` for GET: lower case is none that
 * we know.
 */
function checkMethod(text: string, end: number): void {
  if (end > METHOD_LIMIT_BYTES)
    throw unsupported(`its method exceeds ${METHOD_LIMIT_BYTES} bytes`, 501);
  for (let i = 0; i < end; i++) {
    const code = text.charCodeAt(i);
    if (KIND[code] !== 1) throw malformed("its method is no token");
    if (code >= 97 && code <= 122) throw unsupported("its method has lower-case letters", 501);
  }
}

/** Parses the response whose head is `bytes[from .. end)`; `fields` is told what else it says. */
export function parseResponse(
  bytes: Buffer,
  from: number,
  end: number,
  fields: ParsedFields,
): ResponseHead {
  const text = latin1Slice(bytes, from, end - 2);
  const lineEnd = text.indexOf("\r\n");
  const version = versionOf(text, 0, Math.min(lineEnd, 8));
  const status = statusOf(text);
  const separated = text.charCodeAt(8) === 32 && (lineEnd === 12 || text.charCodeAt(12) === 32);
  if (!separated || status < 100) throw malformed("its first line is no status line");
  for (let i = 13; i < lineEnd; i++)
    if (KIND[text.charCodeAt(i)] === 0) throw malformed("its reason has a control character");
  parseFields(text, lineEnd + 2, fields);
  if (fields.host !== undefined) fields.headers.add("host", fields.host);
  return { status, version, headers: fields.headers };
}

/** The number in three digits behind the version; -1 where they are none. */
function statusOf(text: string): number {
  let status = 0;
  for (let at = 9; at < 12; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (!(digit >= 0 && digit <= 9)) return -1;
    status = status * 10 + digit;
  }
  return status;
}

function versionOf(text: string, from: number, end: number): "HTTP/1.0" | "HTTP/1.1" {
  if (end - from === 8 && text.startsWith("HTTP/1.1", from)) return "HTTP/1.1";
  if (end - from === 8 && text.startsWith("HTTP/1.0", from)) return "HTTP/1.0";
  const version = text.slice(from, end);
  if (/^HTTP\/[2-9]\.\d$/.test(version))
    throw unsupported(`version ${version} is not spoken here`, 505);
  throw malformed("its version is none of HTTP/1");
}
