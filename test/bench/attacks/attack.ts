/** What an attack is: the bytes of its connections, and of the server behind the proxy where that is hostile too. */

import { Flag, FrameType, PREFACE } from "#lib/http2/frame.ts";
import { encodeSettings, SettingId } from "#lib/http2/settings.ts";
import { frame, word } from "../../fake/http2-rig.ts";

/** Bytes to be written one after the other; what is not taken at once waits. */
export type Pieces = Iterable<Buffer>;

/** One attack. It runs at full speed until its bytes end, or the attacker's time does. */
export interface Attack {
  /** The row of the faults' table, with a letter where a row has several attacks. */
  readonly id: string;
  readonly name: string;
  readonly over: "http1" | "http2" | "tls";
  /** Connections at a time. */
  readonly connections: number;
  /** Connections in all: where one has ended, the next is opened. As many as at a time where not said. */
  readonly total?: number;
  /** What each connection sends. */
  readonly bytes: () => Pieces;
  /** Milliseconds from one piece to the next; full speed where not said. */
  readonly everyMs?: number;
  /** A connection is dropped once all is sent; otherwise it is held until its time is over. */
  readonly drops?: boolean;
  /** The attacker takes nothing of what is sent to it. */
  readonly deaf?: boolean;
  /** A server of the attacker's: what it writes to each request. HTTP/2 requests are told apart by their stream. */
  readonly upstream?: (streamId: number) => Pieces;
  /** Whether the server ends its connection once that is written. */
  readonly upstreamEnds?: boolean;
}

/** A peer's greeting with windows that never close. */
export const WIDE: Buffer = Buffer.concat([
  frame(FrameType.SETTINGS, 0, 0, encodeSettings([[SettingId.INITIAL_WINDOW_SIZE, 2 ** 30]])),
  frame(FrameType.WINDOW_UPDATE, 0, 0, word(2 ** 30)),
]);

/** A client's greeting with these settings; ours are acknowledged unseen. */
export function greeting(...settings: readonly (readonly [id: number, value: number])[]): Buffer {
  const acknowledged = frame(FrameType.SETTINGS, Flag.ACK, 0);
  const own =
    settings.length === 0 ? WIDE : frame(FrameType.SETTINGS, 0, 0, encodeSettings(settings));
  return Buffer.concat([PREFACE, own, acknowledged]);
}

const BATCH_BYTES = 64 * 1024;

/** What is first, then `count` pieces one after the other, gathered to large writes. */
export function* flood(
  first: Buffer,
  make: (index: number) => Buffer,
  count: number = Number.POSITIVE_INFINITY,
): Generator<Buffer> {
  let batch: Buffer[] = [first];
  let bytes = first.length;
  for (let i = 0; i < count; i++) {
    const piece = make(i);
    batch.push(piece);
    bytes += piece.length;
    if (bytes < BATCH_BYTES) continue;
    yield Buffer.concat(batch);
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield Buffer.concat(batch);
}

/** What is first, then the same piece `count` times, made once. */
export function* repeated(
  first: Buffer,
  piece: Buffer,
  count: number = Number.POSITIVE_INFINITY,
): Generator<Buffer> {
  const times = Math.min(count, Math.max(1, Math.ceil(BATCH_BYTES / piece.length)));
  const batch = Buffer.concat(Array.from({ length: times }, () => piece));
  if (first.length > 0) yield first;
  for (let left = count; left > 0; left -= times)
    yield left < times ? batch.subarray(0, left * piece.length) : batch;
}

/** What is first, then one piece after the other, each by itself: for what is sent slowly. */
export function* steps(first: Buffer, make: (index: number) => Buffer): Generator<Buffer> {
  yield first;
  for (let i = 0; ; i++) yield make(i);
}

/** The same piece again and again. */
export const trickle = (first: Buffer, piece: Buffer): Generator<Buffer> =>
  steps(first, () => piece);
