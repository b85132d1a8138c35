/** Start line and fields out of bytes, strictly (RFC 9112 §2 to §5). */

import { latin1Slice } from "#lib/bytes/latin1.ts";
import { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead, ResponseHead } from "#lib/http/message.ts";
import { removeHeadOnly } from "#lib/http/semantics.ts";
import { TOKEN_LOWER } from "#lib/http/token.ts";
import type { Hints } from "./framing.ts";
import { ambiguous, type Http1Error, malformed, overLimit, unsupported } from "./http1-error.ts";
import { fieldName, fieldSlot, fieldValue } from "./known-fields.ts";
import { applyTarget } from "./request-target.ts";

/** A first line longer than this, its CRLF aside, gets 414: nearly all of it is the target. */
export const START_LINE_LIMIT_BYTES: number = 8 * 1024;
/** A method longer than this gets 501; the longest that is registered has 17 (IANA, HTTP Method Registry). */
export const METHOD_LIMIT_BYTES = 32;
/** A field line longer than this, its CRLF aside, gets 431. */
export const FIELD_LIMIT_BYTES: number = 16 * 1024;
/** A head longer than this, the blank line and the CRLF before it aside, gets 431. */
export const HEAD_LIMIT_BYTES: number = 64 * 1024;
/** More fields than this get 431. */
export const FIELDS_LIMIT = 100;

const CR = 13;
const LF = 10;
const COLON = 58;

/** What kind of character a byte is: 1 token, 2 else allowed in a value, 0 forbidden. */
const KIND: Uint8Array = Uint8Array.from({ length: 256 }, (_, code) => {
  if (TOKEN_LOWER[code] !== 0) return 1;
  return code === 9 || (code >= 32 && code !== 127) ? 2 : 0;
});

const NONE: HeaderList = new HeaderList();
/** Proxies take about as many fields from a head as they add. */
const ADDED_FIELDS = 1;

/**
 * Fields read so far, and what framing and the connection need to know of them without a look-up by name. A reader
 * uses one object for all its heads; the list of headers is the head's own.
 */
export class ParsedFields implements Hints {
  headers: HeaderList = NONE;
  contentLength: string | undefined;
  transferEncoding: string | undefined;
  repeated = false;
  host: string | undefined;
  /** All values of these fields, joined by commas. */
  connection: string | undefined;
  expect: string | undefined;
  upgrade: string | undefined;
  #room = 0;

  /** Begins with another head. */
  begin(): void {
    this.clear();
    this.headers = new HeaderList(this.#room);
  }

  /** A head is complete: the next on its connection will have about as many fields. */
  finish(): void {
    this.#room = this.headers.length + ADDED_FIELDS;
  }

  /** Lets go of the last head: an idle connection does not hold on to it. */
  clear(): void {
    this.headers = NONE;
    this.contentLength = undefined;
    this.transferEncoding = undefined;
    this.repeated = false;
    this.host = undefined;
    this.connection = undefined;
    this.expect = undefined;
    this.upgrade = undefined;
  }
}

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
  const at = bytes.indexOf("\r\n\r\n", Math.max(from, scanned - 3), "latin1");
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

function parseFields(text: string, from: number, fields: ParsedFields): void {
  fields.begin();
  let at = from;
  let count = 0;
  while (at < text.length) {
    if (++count > FIELDS_LIMIT) throw overLimit(`it has more than ${FIELDS_LIMIT} fields`, 431);
    at = parseField(text, at, fields);
  }
  fields.finish();
}

/** Reads one field line and returns where the next begins. The text ends with a line's end, where every loop stops. */
function parseField(text: string, from: number, fields: ParsedFields): number {
  const colon = nameEnd(text, from);
  if (colon === from || text.charCodeAt(colon) !== COLON)
    throw malformed("a field name is no token followed by a colon");
  let start = colon + 1;
  while (isBlank(text.charCodeAt(start))) start++;
  const lineEnd = valueEnd(text, start);
  if (text.charCodeAt(lineEnd) !== CR) throw malformed("a field has a control character");
  if (text.charCodeAt(lineEnd + 1) !== LF) throw malformed("a field has a bare CR");
  if (lineEnd - from > FIELD_LIMIT_BYTES)
    throw overLimit(`a field exceeds ${FIELD_LIMIT_BYTES} bytes`, 431);
  let end = lineEnd;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  const slot = fieldSlot(text, from, colon);
  keep(fields, fieldName(text, from, colon, slot), fieldValue(text, start, end, slot));
  return lineEnd + 2;
}

function valueEnd(text: string, from: number): number {
  let at = from;
  while ((KIND[text.charCodeAt(at)] as number) > 0) at++;
  return at;
}

function nameEnd(text: string, from: number): number {
  let at = from;
  while (KIND[text.charCodeAt(at)] === 1) at++;
  return at;
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}

function keep(fields: ParsedFields, name: string, value: string): void {
  switch (name) {
    case "host":
      if (fields.host !== undefined) throw ambiguous("it has two hosts");
      fields.host = value;
      return;
    case "content-length":
      keepLength(fields, value);
      return;
    case "transfer-encoding":
      fields.repeated ||= fields.transferEncoding !== undefined;
      fields.transferEncoding = value;
      break;
    case "connection":
      fields.connection = joined(fields.connection, value);
      break;
    case "expect":
      fields.expect = joined(fields.expect, value);
      break;
    case "upgrade":
      fields.upgrade = joined(fields.upgrade, value);
      break;
    default:
      if (mayFrame(name) && LOOKALIKE.test(name))
        throw ambiguous("a field would frame it where _ is read as -");
  }
  fields.headers.add(name, value);
}

/** CGI and what came of it write `-` as `_`, and cannot tell these from the fields that frame a message. */
const LOOKALIKE = /^(?:transfer[-_]+encoding|content[-_]+length)$/;

/** Nearly all names are shorter, or begin with neither c nor t. */
function mayFrame(name: string): boolean {
  if (name.length < 14) return false;
  const first = name.charCodeAt(0);
  return first === 0x63 || first === 0x74;
}

const joined = (before: string | undefined, value: string): string =>
  before === undefined ? value : `${before}, ${value}`;

/** Zeros in front mean nothing, and are no invitation to read the number as octal: they are not passed on. */
function keepLength(fields: ParsedFields, value: string): void {
  const length = value.charCodeAt(0) === 48 ? value.replace(/^0+(?=\d+$)/, "") : value;
  fields.repeated ||= fields.contentLength !== undefined;
  fields.contentLength = length;
  fields.headers.add("content-length", length);
}

/**
 * Parses trailer fields `bytes[from .. end)`, without the blank line that ends them. What only a head may say is
 * dropped, never merged (RFC 9110 §6.5.1); undefined where nothing is left.
 */
export function parseTrailers(bytes: Buffer, from: number, end: number): HeaderList | undefined {
  const fields = new ParsedFields();
  parseFields(latin1Slice(bytes, from, end), 0, fields);
  const { headers } = fields;
  removeHeadOnly(headers);
  return headers.length === 0 ? undefined : headers;
}
