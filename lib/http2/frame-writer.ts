/** Frames into bytes; everything of a tick is gathered in one buffer. */

import { ByteWriter } from "#lib/bytes/byte-writer.ts";
import { Flag, FRAME_HEADER_BYTES, FrameType, MAX_FRAME_BYTES } from "./frame.ts";

/** Writes the frames of one connection. */
export class FrameWriter {
  readonly out: ByteWriter = new ByteWriter();

  /** Any frame whose payload is at hand. */
  frame(type: number, flags: number, streamId: number, payload: Uint8Array): void {
    this.#header(payload.length, { type, flags, streamId });
    this.out.bytes.set(payload, this.out.length);
    this.out.length += payload.length;
  }

  /** One DATA frame of `length` bytes of a chunk. */
  data(
    streamId: number,
    chunk: Uint8Array,
    how: { readonly from: number; readonly length: number; readonly end: boolean },
  ): void {
    const flags = how.end ? Flag.END_STREAM : 0;
    this.#header(how.length, { type: FrameType.DATA, flags, streamId });
    const { bytes, length: at } = this.out;
    bytes.set(
      how.length === chunk.length ? chunk : chunk.subarray(how.from, how.from + how.length),
      at,
    );
    this.out.length += how.length;
  }

  /** A header block as HEADERS and, where it is long, CONTINUATION (RFC 9113 §4.3). */
  headers(streamId: number, block: Uint8Array, end: boolean): void {
    const flags = end ? Flag.END_STREAM : 0;
    if (block.length <= MAX_FRAME_BYTES) {
      this.frame(FrameType.HEADERS, flags | Flag.END_HEADERS, streamId, block);
      return;
    }
    this.frame(FrameType.HEADERS, flags, streamId, block.subarray(0, MAX_FRAME_BYTES));
    for (let at = MAX_FRAME_BYTES; at < block.length; at += MAX_FRAME_BYTES) {
      const last = at + MAX_FRAME_BYTES >= block.length;
      const part = block.subarray(at, at + MAX_FRAME_BYTES);
      this.frame(FrameType.CONTINUATION, last ? Flag.END_HEADERS : 0, streamId, part);
    }
  }

  windowUpdate(streamId: number, increment: number): void {
    this.#word(FrameType.WINDOW_UPDATE, streamId, increment);
  }

  rstStream(streamId: number, code: number): void {
    this.#word(FrameType.RST_STREAM, streamId, code);
  }

  goAway(lastStreamId: number, code: number): void {
    this.#header(8, { type: FrameType.GOAWAY, flags: 0, streamId: 0 });
    this.#uint32(lastStreamId);
    this.#uint32(code);
  }

  #word(type: number, streamId: number, value: number): void {
    this.#header(4, { type, flags: 0, streamId });
    this.#uint32(value);
  }

  #uint32(value: number): void {
    this.out.bytes.writeUInt32BE(value, this.out.length);
    this.out.length += 4;
  }

  #header(
    length: number,
    how: { readonly type: number; readonly flags: number; readonly streamId: number },
  ): void {
    const { out } = this;
    out.reserve(FRAME_HEADER_BYTES + length);
    const { bytes } = out;
    const at = out.length;
    bytes[at] = length >>> 16;
    bytes[at + 1] = length >>> 8;
    bytes[at + 2] = length;
    bytes[at + 3] = how.type;
    bytes[at + 4] = how.flags;
    bytes[at + 5] = how.streamId >>> 24;
    bytes[at + 6] = how.streamId >>> 16;
    bytes[at + 7] = how.streamId >>> 8;
    bytes[at + 8] = how.streamId;
    out.length = at + FRAME_HEADER_BYTES;
  }
}
