/** Field lines out of text, strictly, of heads and trailers (RFC 9112 §5). */

import { latin1Slice } from "#lib/bytes/latin1.ts";
import { HeaderList } from "#lib/http/headers.ts";
import { removeHeadOnly } from "#lib/http/semantics.ts";
import { TOKEN_LOWER } from "#lib/http/token.ts";
import type { Hints } from "./framing.ts";
import { ambiguous, malformed, overLimit } from "./http1-error.ts";
import { fieldName, fieldSlot, fieldValue } from "./known-fields.ts";

/** A field line longer than this, its CRLF aside, gets 431. */
export const FIELD_LIMIT_BYTES: number = 16 * 1024;
/** More fields than this get 431. */
export const FIELDS_LIMIT = 100;

const CR = 13;
const LF = 10;
const COLON = 58;

/** What kind of character a byte is: 1 token, 2 else allowed in a value, 0 forbidden. */
export const KIND: Uint8Array = Uint8Array.from({ length: 256 }, (_, code) => {
  if (TOKEN_LOWER[code] !== 0) return 1;
  return code === 9 || (code >= 32 && code !== 127) ? 2 : 0;
});

const NONE: HeaderList = new HeaderList();
/** Proxies take about as many fields from a head as they add. */
const ADDED_FIELDS = 1;

/**
 * Fields read so far, and what framing and the connection need to know of them without a look-up by name. One
 * object is used for many heads, one after the other; the list of headers is the head's own.
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

  /** A head is complete: the next will have about as many fields. */
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

/** Reads the lines of `text` from there to its end; `fields` is told what they say. */
export function parseFields(text: string, from: number, fields: ParsedFields): void {
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
