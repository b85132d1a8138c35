/** How long a body is, by its head alone; every ambiguity is refused (RFC 9112 §6). */

import { parseContentLength } from "#lib/http/semantics.ts";
import { ambiguous, malformed, unsupported } from "./http1-error.ts";

/** How long a body is: so many bytes, 0 for none, or one of the two below. A number, as each message has one. */
export type Framing = number;

/** No body. */
export const NO_BODY: Framing = 0;
/** Its chunks say where it ends. */
export const CHUNKED: Framing = -1;
/** It ends with the connection. */
export const UNTIL_CLOSE: Framing = -2;

/** What the codec needs to know of a head beside its fields. */
export interface Hints {
  contentLength: string | undefined;
  transferEncoding: string | undefined;
  /** A second field of either name. */
  repeated: boolean;
}

/** The framing of a request (RFC 9112 §6.3, items 3 to 7). */
export function requestFraming(hints: Hints, version: "HTTP/1.0" | "HTTP/1.1"): Framing {
  return explicitFraming(hints, version) ?? NO_BODY;
}

/** The framing of a response that may have a body (RFC 9112 §6.3). */
export function responseFraming(hints: Hints, version: "HTTP/1.0" | "HTTP/1.1"): Framing {
  return explicitFraming(hints, version) ?? UNTIL_CLOSE;
}

/** Whether a response to a request of this method has no body, whatever its fields say (RFC 9112 §6.3). */
export function isBodiless(method: string, status: number): boolean {
  return method === "HEAD" || status < 200 || status === 204 || status === 304;
}

function explicitFraming(hints: Hints, version: "HTTP/1.0" | "HTTP/1.1"): Framing | undefined {
  const { contentLength, transferEncoding } = hints;
  if (contentLength === undefined && transferEncoding === undefined) return undefined;
  if (hints.repeated) throw ambiguous("content-length or transfer-encoding is repeated");
  if (transferEncoding === undefined) return lengthFraming(contentLength ?? "");
  if (contentLength !== undefined)
    throw ambiguous("it has both content-length and transfer-encoding");
  if (version === "HTTP/1.0") throw ambiguous("HTTP/1.0 has no transfer-encoding");
  if (transferEncoding.toLowerCase() !== "chunked")
    throw unsupported("its transfer coding is not chunked alone", 501);
  return CHUNKED;
}

function lengthFraming(text: string): Framing {
  const bytes = parseContentLength(text);
  if (bytes < 0) throw malformed("content-length is not a number");
  return bytes;
}

/** Whether a connection stays open after a message with these `Connection` options (RFC 9112 §9.3). */
export function persists(
  connection: string | undefined,
  version: "HTTP/1.0" | "HTTP/1.1",
): boolean {
  if (connection === undefined) return version === "HTTP/1.1";
  if (hasOption(connection, "close")) return false;
  return version === "HTTP/1.1" || hasOption(connection, "keep-alive");
}

/** Whether a list of options has this one, given in lower case. */
export function hasOption(list: string, option: string): boolean {
  if (list === option) return true;
  // Nearly always it is one, and no list need be made of it.
  if (!list.includes(",")) return list.length === option.length && list.toLowerCase() === option;
  return list
    .toLowerCase()
    .split(",")
    .some((each) => each.trim() === option);
}
