/** Frames into bytes; everything of a tick is gathered in one buffer. */

import { ByteWriter } from "#lib/bytes/byte-writer.ts";
import { Flag, FRAME_HEADER_BYTES, FrameType, MAX_FRAME_BYTES } from "./frame.ts";

const COPY_LOOP_BYTES = 64;

/** Writes the frames of one connection. */
export class FrameWriter {
  readonly out: ByteWriter = new ByteWriter();
  /** The last stream of which GOAWAY has said that it may be processed. */
  #lastNamed = Number.POSITIVE_INFINITY;

  /** Any frame whose payload is at hand. */
  frame(type: number, flags: number, streamId: number, payload: Uint8Array): void {
    this.#begin(type, flags, streamId, payload.length);
    this.out.bytes.set(payload, this.out.length);
    this.out.length += payload.length;
  }

  /** One DATA frame of `length` bytes of a chunk. */
  data(streamId: number, flags: number, chunk: Uint8Array, from: number, length: number): void {
    this.#begin(FrameType.DATA, flags, streamId, length);
    this.out.push(chunk, from, from + length);
  }

  /** A header block, the first `length` of `block`, as HEADERS and, where it is long, CONTINUATION (RFC 9113 §4.3). */
  headers(streamId: number, block: Buffer, length: number, end: boolean): void {
    const first = Math.min(length, MAX_FRAME_BYTES);
    const whole = first === length ? Flag.END_HEADERS : 0;
    this.#begin(FrameType.HEADERS, whole | (end ? Flag.END_STREAM : 0), streamId, first);
    this.#copy(block, 0, first);
    for (let at = first; at < length; at += MAX_FRAME_BYTES) {
      const part = Math.min(length - at, MAX_FRAME_BYTES);
      const last = at + part === length ? Flag.END_HEADERS : 0;
      this.#begin(FrameType.CONTINUATION, last, streamId, part);
      this.#copy(block, at, part);
    }
  }

  /** Most blocks are a few bytes of indexes: a loop takes less than a call for those. */
  #copy(block: Buffer, from: number, length: number): void {
    const { out } = this;
    const { bytes, length: at } = out;
    if (length > COPY_LOOP_BYTES) block.copy(bytes, at, from, from + length);
    else for (let i = 0; i < length; i++) bytes[at + i] = block[from + i] as number;
    out.length = at + length;
  }

  windowUpdate(streamId: number, increment: number): void {
    this.#word(FrameType.WINDOW_UPDATE, streamId, increment);
  }

  rstStream(streamId: number, code: number): void {
    this.#word(FrameType.RST_STREAM, streamId, code);
  }

  /** The number never rises from one to the next (RFC 9113 §6.8): what was refused in between was not processed. */
  goAway(lastStreamId: number, code: number): void {
    this.#lastNamed = Math.min(this.#lastNamed, lastStreamId);
    this.#begin(FrameType.GOAWAY, 0, 0, 8);
    this.#uint32(this.#lastNamed);
    this.#uint32(code);
  }

  #word(type: number, streamId: number, value: number): void {
    this.#begin(type, 0, streamId, 4);
    this.#uint32(value);
  }

  #uint32(value: number): void {
    this.out.bytes.writeUInt32BE(value, this.out.length);
    this.out.length += 4;
  }

  /** Writes a frame's header and makes room for its payload. */
  #begin(type: number, flags: number, streamId: number, length: number): void {
    const { out } = this;
    out.reserve(FRAME_HEADER_BYTES + length);
    const { bytes } = out;
    const at = out.length;
    bytes[at] = length >>> 16;
    bytes[at + 1] = length >>> 8;
    bytes[at + 2] = length;
    bytes[at + 3] = type;
    bytes[at + 4] = flags;
    bytes[at + 5] = streamId >>> 24;
    bytes[at + 6] = streamId >>> 16;
    bytes[at + 7] = streamId >>> 8;
    bytes[at + 8] = streamId;
    out.length = at + FRAME_HEADER_BYTES;
  }
}
