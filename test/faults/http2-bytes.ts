/** Bytes of HTTP/2 attacks, for tests of each and for the bench that runs them at full speed. */

import { Flag, FrameType } from "#lib/http2/frame.ts";
import { block, headers } from "../conformance/http2/scripted-server.ts";
import { frame, word } from "../fake/http2-rig.ts";

const { CONTINUATION, DATA, GOAWAY, HEADERS, PRIORITY, PUSH_PROMISE, WINDOW_UPDATE } = FrameType;
type Fields = readonly (readonly [name: string, value: string])[];

/** The pseudo-headers of an attack's request. */
export function pseudo(path = "/attack"): Fields {
  return [
    [":method", "GET"],
    [":scheme", "http"],
    [":path", path],
    [":authority", "a.test"],
  ];
}

/** A request's HEADERS. */
export function request(
  streamId: number,
  flags: number,
  path = "/attack",
  ...more: Fields
): Buffer {
  return headers(streamId, flags, ...pseudo(path), ...more);
}

/** DATA with text. */
export function data(streamId: number, flags: number, text: string): Buffer {
  return frame(DATA, flags, streamId, Buffer.from(text, "latin1"));
}

/** Many frames in one buffer. */
export function many(count: number, make: (index: number) => Buffer): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, index) => make(index)));
}

/** GOAWAY whose last stream is `last`. */
export function goAway(last: number, code = 0): Buffer {
  return frame(GOAWAY, 0, 0, Buffer.concat([word(last), word(code)]));
}

/** PRIORITY of a stream that depends on itself (RFC 7540 §5.3.1). */
export function selfDependency(streamId: number): Buffer {
  return frame(PRIORITY, 0, streamId, Buffer.concat([word(streamId), Buffer.alloc(1)]));
}

/** How a peer has us reset a stream that it has ended (MadeYouReset, CVE-2025-8671). */
export const MADE_RESETS: readonly (readonly [name: string, (streamId: number) => Buffer])[] = [
  ["a window widened by nothing", (id) => frame(WINDOW_UPDATE, 0, id, word(0))],
  ["a window over its limit", (id) => frame(WINDOW_UPDATE, 0, id, word(2 ** 31 - 1))],
  ["PRIORITY of another length", (id) => frame(PRIORITY, 0, id, Buffer.alloc(4))],
  ["PRIORITY on itself", selfDependency],
  ["HEADERS behind the end", (id) => headers(id, Flag.END_STREAM, ["a", "b"])],
  ["DATA behind the end", (id) => data(id, 0, "x")],
];

/** One entry of 4,000 bytes, named 16,000 times: 64 MB of fields in 20 KB. */
export function hpackBomb(streamId: number): Buffer {
  const entry = Buffer.concat([
    block(...pseudo()),
    Buffer.from("4001617fa11e", "hex"),
    Buffer.alloc(4000, "x"),
  ]);
  return Buffer.concat([
    frame(HEADERS, Flag.END_STREAM, streamId, entry),
    frame(CONTINUATION, Flag.END_HEADERS, streamId, Buffer.alloc(16_000, 0xbe)),
  ]);
}

/** A request whose header list is one field of `bytes`, over as many frames as that takes. */
export function longRequest(streamId: number, bytes: number, ...more: Fields): Buffer {
  const long = block(...pseudo(), ["a", "x".repeat(bytes)], ...more);
  const frames: Buffer[] = [];
  for (let at = 0; at < long.length; at += 16_384) {
    const flags =
      (at + 16_384 >= long.length ? Flag.END_HEADERS : 0) | (at === 0 ? Flag.END_STREAM : 0);
    const type = at === 0 ? HEADERS : CONTINUATION;
    frames.push(frame(type, flags, streamId, long.subarray(at, at + 16_384)));
  }
  return Buffer.concat(frames);
}

/** A server's promise of stream 2. */
export function pushPromise(streamId: number): Buffer {
  const promised = Buffer.concat([word(2), block(...pseudo("/pushed"))]);
  return frame(PUSH_PROMISE, Flag.END_HEADERS, streamId, promised);
}
