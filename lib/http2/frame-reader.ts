/** Bytes into frames, from any chunking. */

import { asBuffer } from "#lib/bytes/latin1.ts";
import { FRAME_HEADER_BYTES, type FrameSink, MAX_FRAME_BYTES, PREFACE } from "./frame.ts";
import { connectionError, ErrorCode } from "./http2-error.ts";

/** Cuts what arrives into frames; keeps at most one incomplete frame. */
export class FrameReader {
  #rest: Buffer | undefined;
  #prefaceLeft: number;

  /** A server expects the client's preface first. */
  constructor(role: "client" | "server") {
    this.#prefaceLeft = role === "server" ? PREFACE.length : 0;
  }

  /** Hands every frame that is complete to the sink. Throws a connection error for a bad preface or size. */
  receive(chunk: Uint8Array, sink: FrameSink): void {
    const bytes = this.#rest === undefined ? asBuffer(chunk) : Buffer.concat([this.#rest, chunk]);
    this.#rest = undefined;
    let at = this.#prefaceLeft > 0 ? this.#preface(bytes) : 0;
    const end = bytes.length;
    while (end - at >= FRAME_HEADER_BYTES) {
      const length =
        ((bytes[at] as number) << 16) |
        ((bytes[at + 1] as number) << 8) |
        (bytes[at + 2] as number);
      if (length > MAX_FRAME_BYTES)
        throw connectionError(
          ErrorCode.FRAME_SIZE_ERROR,
          `Cannot read frame: ${length} bytes exceed ${MAX_FRAME_BYTES}`,
        );
      const next = at + FRAME_HEADER_BYTES + length;
      if (next > end) break;
      const streamId =
        (((bytes[at + 5] as number) & 127) << 24) |
        ((bytes[at + 6] as number) << 16) |
        ((bytes[at + 7] as number) << 8) |
        (bytes[at + 8] as number);
      sink.onFrame(
        bytes[at + 3] as number,
        bytes[at + 4] as number,
        streamId,
        bytes.subarray(at + FRAME_HEADER_BYTES, next),
      );
      at = next;
    }
    if (at < end) this.#rest = Buffer.from(bytes.subarray(at));
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
