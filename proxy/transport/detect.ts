/** Which protocol a connection speaks, from its first bytes. */

import { asBuffer, latin1Slice } from "#lib/bytes/latin1.ts";

/** What the first bytes are taken for. */
export type Protocol = "http1" | "http2" | "opaque";

/** At most so many bytes are looked at before the connection counts as opaque. */
export const DETECT_LIMIT_BYTES = 1024;

/** Like Linkerd's proxy: the first 14 bytes of the preface are enough (RFC 9113 §3.4). */
const HTTP2_PREFACE = new TextEncoder().encode("PRI * HTTP/2.0");
/**
 * What ends so is meant for HTTP/1, also where it is not right: as opaque bytes it would go past what is refused there,
 * and past the routes of policy.
 */
const REQUEST_LINE = /^[\x21-\x7e][\t\x20-\x7e\x80-\xff]*[ \t]HTTP\/\d[\d.,]*[ \t]*\r?\n/i;
/** What such a line may begin with: nothing else is decided before its end, or the pieces that it comes in would decide. */
const REQUEST_START = /^[\x21-\x7e][\t\x20-\x7e\x80-\xff]*\r?$/;
/** Servers ignore empty lines before a request (RFC 9112 §2.2): they are no way past what is refused. */
const EMPTY_LINES = /^(?:\r?\n)+/;

/** Tells HTTP/1 by its request line, HTTP/2 by its preface; undefined while the bytes could be either. */
export function detectProtocol(bytes: Uint8Array): Protocol | undefined {
  const compared = Math.min(bytes.length, HTTP2_PREFACE.length);
  let same = 0;
  while (same < compared && bytes[same] === HTTP2_PREFACE[same]) same++;
  if (same === HTTP2_PREFACE.length) return "http2";
  if (same === bytes.length) return undefined;
  const all = latin1Slice(asBuffer(bytes), 0, Math.min(bytes.length, DETECT_LIMIT_BYTES));
  const text = all.replace(EMPTY_LINES, "");
  const line = text.indexOf("\n");
  if (line >= 0) return REQUEST_LINE.test(text) ? "http1" : "opaque";
  const start = text === "" || text === "\r" || REQUEST_START.test(text);
  if (bytes.length < DETECT_LIMIT_BYTES) return start ? undefined : "opaque";
  if (start && text.length < all.length) return "http1";
  return /^[A-Z]{1,32} [\x21-\x7e]+$/.test(text) ? "http1" : "opaque";
}

/** What is served, where policy may have declared it: what is declared is not taken for anything else, but refused. */
export function settleProtocol(
  declared: string | undefined,
  detected: Protocol | undefined,
): Protocol {
  if (declared === "http2" || declared === "grpc") return "http2";
  // Proxies carry HTTP/1 over HTTP/2.
  if (declared === "http1") return detected === "http2" ? "http2" : "http1";
  return detected ?? "opaque";
}
