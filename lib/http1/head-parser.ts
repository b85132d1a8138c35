/** Start line and fields out of bytes, strictly (RFC 9112 §2 to §5). */

import { latin1Slice } from "#lib/bytes/latin1.ts";
import { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead, ResponseHead } from "#lib/http/message.ts";
import type { Hints } from "./framing.ts";
import { ambiguous, malformed, overLimit, unsupported } from "./http1-error.ts";

/** A request line longer than this gets 414. */
export const START_LINE_LIMIT_BYTES: number = 16 * 1024;
/** A head longer than this gets 431. */
export const HEAD_LIMIT_BYTES: number = 64 * 1024;
/** More fields than this get 431. */
export const FIELDS_LIMIT = 100;

const CR = 13;
const LF = 10;

/** What kind of character a byte is: 1 token, 2 else allowed in a value, 0 forbidden. */
const KIND: Uint8Array = Uint8Array.from({ length: 256 }, (_, code) => {
  if (/[!#$%&'*+.^_`|~0-9A-Za-z-]/.test(String.fromCharCode(code))) return 1;
  return code === 9 || (code >= 32 && code !== 127) ? 2 : 0;
});

/** Fields read so far, and what framing needs to know of them. */
export class ParsedFields implements Hints {
  readonly headers: HeaderList = new HeaderList();
  contentLength: string | undefined;
  transferEncoding: string | undefined;
  repeated = false;
  host: string | undefined;
}

/** Where the blank line ends that closes a head; -1 while it has not come. Throws where the head is too long. */
export function findHeadEnd(bytes: Buffer, from: number): number {
  const at = bytes.indexOf("\r\n\r\n", from, "latin1");
  const length = (at < 0 ? bytes.length : at) - from;
  if (length > HEAD_LIMIT_BYTES) throw overLimit(`its head exceeds ${HEAD_LIMIT_BYTES} bytes`, 431);
  if (at >= 0) return at + 4;
  if (hasBareLineFeed(bytes, from)) throw malformed("a line ends without CR");
  return -1;
}

/** A line feed alone never ends a head; found early so that nobody waits for the rest in vain. */
function hasBareLineFeed(bytes: Buffer, from: number): boolean {
  for (let at = bytes.indexOf(LF, from); at >= 0; at = bytes.indexOf(LF, at + 1))
    if (at === from || bytes[at - 1] !== CR) return true;
  return false;
}

/** Parses the request whose head is `bytes[from .. end)`, with its blank line. */
export function parseRequest(
  bytes: Buffer,
  from: number,
  end: number,
): { readonly head: RequestHead; readonly fields: ParsedFields } {
  const text = latin1Slice(bytes, from, end - 2);
  const lineEnd = text.indexOf("\r\n");
  if (lineEnd > START_LINE_LIMIT_BYTES)
    throw overLimit(`its first line exceeds ${START_LINE_LIMIT_BYTES} bytes`, 414);
  const methodEnd = text.indexOf(" ");
  const targetEnd = text.indexOf(" ", methodEnd + 1);
  if (methodEnd <= 0 || targetEnd < 0 || targetEnd > lineEnd)
    throw malformed("its first line is no request line");
  for (let i = 0; i < methodEnd; i++)
    if (KIND[text.charCodeAt(i)] !== 1) throw malformed("its method is no token");
  const method = text.slice(0, methodEnd);
  const target = text.slice(methodEnd + 1, targetEnd);
  const version = versionOf(text.slice(targetEnd + 1, lineEnd));
  const fields = parseFields(text, lineEnd + 2);
  const head: RequestHead = {
    method,
    scheme: "",
    authority: "",
    path: target,
    version,
    protocol: "",
    headers: fields.headers,
  };
  applyTarget(head, target, fields);
  return { head, fields };
}

/** Parses the response whose head is `bytes[from .. end)`. */
export function parseResponse(
  bytes: Buffer,
  from: number,
  end: number,
): { readonly head: ResponseHead; readonly fields: ParsedFields } {
  const text = latin1Slice(bytes, from, end - 2);
  const lineEnd = text.indexOf("\r\n");
  const version = versionOf(text.slice(0, 8));
  const status = Number(text.slice(9, 12));
  const separated = text.charCodeAt(8) === 32 && (lineEnd === 12 || text.charCodeAt(12) === 32);
  if (!separated || !/^[1-9]\d\d$/.test(text.slice(9, 12)))
    throw malformed("its first line is no status line");
  for (let i = 13; i < lineEnd; i++)
    if (KIND[text.charCodeAt(i)] === 0) throw malformed("its reason has a control character");
  const fields = parseFields(text, lineEnd + 2);
  if (fields.host !== undefined) fields.headers.add("host", fields.host);
  return { head: { status, version, headers: fields.headers }, fields };
}

function versionOf(text: string): "HTTP/1.0" | "HTTP/1.1" {
  if (text === "HTTP/1.1" || text === "HTTP/1.0") return text;
  if (/^HTTP\/[2-9]\.\d$/.test(text)) throw unsupported(`version ${text} is not spoken here`, 505);
  throw malformed("its version is none of HTTP/1");
}

/** Splits the request target into scheme, authority and path (RFC 9112 §3.2). */
function applyTarget(head: RequestHead, target: string, fields: ParsedFields): void {
  if (!isVisible(target)) throw malformed("its target has an invalid character");
  if (head.method === "CONNECT") {
    head.authority = target;
    head.path = "";
    if (!/^[^/?@]+:\d{1,5}$/.test(target)) throw malformed("CONNECT needs host:port");
  } else if (target.charCodeAt(0) === 0x2f || (target === "*" && head.method === "OPTIONS")) {
    head.authority = fields.host ?? "";
  } else applyAbsoluteForm(head, target);
  checkHost(head, fields.host);
}

/** No blank, control character, fragment or backslash. */
function isVisible(target: string): boolean {
  for (let i = 0; i < target.length; i++) {
    const code = target.charCodeAt(i);
    if (code <= 32 || code === 127 || code === 35 || code === 92) return false;
  }
  return true;
}

function checkHost(head: RequestHead, host: string | undefined): void {
  if (host === undefined) {
    if (head.version === "HTTP/1.1") throw malformed("it has no host");
  } else if (host !== head.authority && host.toLowerCase() !== head.authority.toLowerCase())
    throw ambiguous("host contradicts its target");
  else if (!/^[^\s/?#@\\,]*$/.test(host)) throw malformed("its host is none");
}

function applyAbsoluteForm(head: RequestHead, target: string): void {
  const match = /^(https?):\/\/([^/?@]+)(\/[^?]*)?(\?.*)?$/i.exec(target);
  if (match === null) throw malformed("its target is neither a path nor a URI");
  head.scheme = (match[1] ?? "").toLowerCase();
  head.authority = match[2] ?? "";
  head.path = `${match[3] ?? "/"}${match[4] ?? ""}`;
}

function parseFields(text: string, from: number): ParsedFields {
  const fields = new ParsedFields();
  let at = from;
  let count = 0;
  while (at < text.length) {
    if (++count > FIELDS_LIMIT) throw overLimit(`it has more than ${FIELDS_LIMIT} fields`, 431);
    at = parseField(text, at, fields);
  }
  return fields;
}

/** Reads one field line and returns where the next begins. */
function parseField(text: string, from: number, fields: ParsedFields): number {
  const colon = nameEnd(text, from);
  if (colon === from || text.charCodeAt(colon) !== 58)
    throw malformed("a field name is no token followed by a colon");
  let start = colon + 1;
  while (isBlank(text.charCodeAt(start))) start++;
  const lineEnd = text.indexOf("\r", start);
  if (lineEnd < 0 || text.charCodeAt(lineEnd + 1) !== LF) throw malformed("a field has a bare CR");
  let end = lineEnd;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  for (let i = start; i < end; i++)
    if (KIND[text.charCodeAt(i)] === 0) throw malformed("a field has a control character");
  keep(fields, text.slice(from, colon).toLowerCase(), text.slice(start, end));
  return lineEnd + 2;
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
      fields.repeated ||= fields.contentLength !== undefined;
      fields.contentLength = value;
      break;
    case "transfer-encoding":
      fields.repeated ||= fields.transferEncoding !== undefined;
      fields.transferEncoding = value;
      break;
  }
  fields.headers.add(name, value);
}

/** Parses trailer fields `bytes[from .. end)`, without the blank line that ends them. */
export function parseTrailers(bytes: Buffer, from: number, end: number): HeaderList {
  const fields = parseFields(latin1Slice(bytes, from, end), 0);
  if (
    fields.host !== undefined ||
    fields.contentLength !== undefined ||
    fields.transferEncoding !== undefined
  )
    throw malformed("a trailer says what only a head may say");
  return fields.headers;
}
