/** Bytes into frames, from any chunking. */

import { asBuffer } from "#lib/bytes/latin1.ts";
import {
  FRAME_HEADER_BYTES,
  Frame,
  type FrameSink,
  FrameType,
  MAX_FRAME_BYTES,
  PREFACE,
} from "./frame.ts";
import { connectionError, ErrorCode } from "./http2-error.ts";

/** What frames cost to take: one each, header blocks more by their length. A turn of a connection is over after so much. */
export const TURN_COST = 256;
const BLOCK_COST = 4;
const BLOCK_COST_SHIFT = 8;

/** Cuts what arrives into frames; keeps at most one incomplete frame, and copies no other. */
export class FrameReader {
  readonly #frame = new Frame();
  /** The beginning of a frame, in a buffer that holds all of it once its header is there. */
  #rest: Buffer | undefined;
  #have = 0;
  #prefaceLeft: number;
  readonly #maxBytes: number;

  /** A server expects the client's preface first. A frame's payload has `maxBytes` at most. */
  constructor(role: "client" | "server", maxBytes: number = MAX_FRAME_BYTES) {
    this.#maxBytes = maxBytes;
    this.#prefaceLeft = role === "server" ? PREFACE.length : 0;
  }

  /**
   * Hands every frame that is complete to the sink, until they have cost as much as may be, and returns how many bytes
   * were taken. Throws a connection error for a bad preface or size.
   */
  receive(chunk: Uint8Array, sink: FrameSink, most: number = Number.POSITIVE_INFINITY): number {
    const bytes = asBuffer(chunk);
    let at = this.#prefaceLeft > 0 ? this.#preface(bytes) : 0;
    if (this.#rest !== undefined) at = this.#complete(this.#rest, bytes, sink);
    const end = bytes.length;
    let cost = 0;
    while (end - at >= FRAME_HEADER_BYTES && cost < most) {
      const next = at + FRAME_HEADER_BYTES + payloadLength(bytes, at, this.#maxBytes);
      if (next > end) break;
      this.#emit(bytes, at, sink);
      cost += costOf(bytes[at + 3] as number, next - at);
      at = next;
    }
    // An idle connection does not hold on to the chunk.
    this.#frame.bytes = NOTHING;
    if (cost >= most) return at;
    if (at < end) this.#keep(bytes, at);
    return end;
  }

  #emit(bytes: Buffer, at: number, sink: FrameSink): void {
    const frame = this.#frame;
    frame.type = bytes[at + 3] as number;
    frame.flags = bytes[at + 4] as number;
    frame.streamId =
      (((bytes[at + 5] as number) & 127) << 24) |
      ((bytes[at + 6] as number) << 16) |
      ((bytes[at + 7] as number) << 8) |
      (bytes[at + 8] as number);
    frame.bytes = bytes;
    frame.from = at + FRAME_HEADER_BYTES;
    frame.to = frame.from + payloadLength(bytes, at, this.#maxBytes);
    sink.onFrame(frame);
  }

  /** Keeps the beginning of a frame. */
  #keep(bytes: Buffer, at: number): void {
    const have = bytes.length - at;
    const needed =
      FRAME_HEADER_BYTES +
      (have < FRAME_HEADER_BYTES ? 0 : payloadLength(bytes, at, this.#maxBytes));
    this.#rest = Buffer.allocUnsafe(needed);
    this.#have = bytes.copy(this.#rest, 0, at);
  }

  /** Adds to the frame that was begun, hands it over once it is whole, and returns how much of the chunk it took. */
  #complete(begun: Buffer, bytes: Buffer, sink: FrameSink): number {
    let rest = begun;
    let taken = this.#fill(rest, bytes, 0);
    if (this.#have === FRAME_HEADER_BYTES && rest.length === FRAME_HEADER_BYTES) {
      rest = Buffer.allocUnsafe(FRAME_HEADER_BYTES + payloadLength(begun, 0, this.#maxBytes));
      begun.copy(rest, 0, 0, FRAME_HEADER_BYTES);
      this.#rest = rest;
      taken += this.#fill(rest, bytes, taken);
    }
    if (this.#have < rest.length || this.#have < FRAME_HEADER_BYTES) return taken;
    this.#rest = undefined;
    this.#emit(rest, 0, sink);
    return taken;
  }

  #fill(rest: Buffer, bytes: Buffer, from: number): number {
    const count = bytes.copy(rest, this.#have, from);
    this.#have += count;
    return count;
  }

  /** Takes the preface off the front and returns where the frames begin. */
  #preface(bytes: Buffer): number {
    const start = PREFACE.length - this.#prefaceLeft;
    const count = Math.min(this.#prefaceLeft, bytes.length);
    if (bytes.compare(PREFACE, start, start + count, 0, count) !== 0)
      throw connectionError(
        ErrorCode.PROTOCOL_ERROR,
        "Cannot serve connection: it does not begin with the preface",
      );
    this.#prefaceLeft -= count;
    return count;
  }
}

const costOf = (type: number, bytes: number): number =>
  type === FrameType.HEADERS || type === FrameType.CONTINUATION
    ? BLOCK_COST + (bytes >> BLOCK_COST_SHIFT)
    : 1;

const NOTHING: Buffer = Buffer.alloc(0);

/** The length in the header at `at`. Throws where it is more than `limit`. */
function payloadLength(bytes: Buffer, at: number, limit: number): number {
  const length =
    ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
  if (length > limit)
    throw connectionError(
      ErrorCode.FRAME_SIZE_ERROR,
      `Cannot read frame: ${length} bytes exceed ${limit}`,
    );
  return length;
}
