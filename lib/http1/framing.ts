/** How long a body is, by its head alone; every ambiguity is refused (RFC 9112 §6). */

import { parseContentLength } from "#lib/http/semantics.ts";
import { ambiguous, malformed, unsupported } from "./http1-error.ts";

/** The end of a body: at once, after so many bytes, by chunks, or with the connection. */
export type Framing =
  | { readonly type: "none" }
  | { readonly type: "length"; readonly bytes: number }
  | { readonly type: "chunked" }
  | { readonly type: "close" };

/** No body. */
export const NO_BODY: Framing = { type: "none" };
const CHUNKED: Framing = { type: "chunked" };
const UNTIL_CLOSE: Framing = { type: "close" };

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

/** The framing of a response to a request of this method (RFC 9112 §6.3). */
export function responseFraming(
  hints: Hints,
  how: {
    readonly version: "HTTP/1.0" | "HTTP/1.1";
    readonly status: number;
    readonly method: string;
  },
): Framing {
  const explicit = explicitFraming(hints, how.version);
  if (how.method === "HEAD" || how.status < 200 || how.status === 204 || how.status === 304)
    return NO_BODY;
  return explicit ?? UNTIL_CLOSE;
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
  return bytes === 0 ? NO_BODY : { type: "length", bytes };
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
