/** A growable buffer that gathers what is written in one tick, from a pool so that idle connections hold none. */

import { asBuffer } from "./latin1.ts";

/** What a buffer begins with. */
const INITIAL_BYTES = 16 * 1024;

/** Larger buffers are not kept for the next one who needs one. */
export const POOLED_BYTES_LIMIT: number = 256 * 1024;

/** How many buffers are kept. */
export const POOL_LIMIT = 64;

const pool: Buffer[] = [];
const EMPTY: Buffer = Buffer.alloc(0);

/** Bytes `0 .. length` of `bytes` are what was written since the last `clear`. */
export class ByteWriter {
  bytes: Buffer = EMPTY;
  length = 0;

  /** Makes room for `count` more bytes at `length`; the caller writes them and moves `length`. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    if (this.bytes === EMPTY) {
      const kept = pool.pop();
      if (kept !== undefined && kept.length >= needed) {
        this.bytes = kept;
        return;
      }
    }
    const grown = Buffer.allocUnsafeSlow(Math.max(INITIAL_BYTES, this.bytes.length * 2, needed));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }

  /** Copies bytes in, all of a chunk or `chunk[from .. to)`. No view is made: of bytes just received that is dear. */
  push(chunk: Uint8Array, from = 0, to: number = chunk.length): void {
    this.reserve(to - from);
    this.length += asBuffer(chunk).copy(this.bytes, this.length, from, to);
  }

  /** What was written; valid until `clear`. */
  view(): Buffer {
    return this.bytes.subarray(0, this.length);
  }

  /** Forgets what was written and gives the buffer back. */
  clear(): void {
    if (this.bytes !== EMPTY && this.bytes.length <= POOLED_BYTES_LIMIT && pool.length < POOL_LIMIT)
      pool.push(this.bytes);
    this.bytes = EMPTY;
    this.length = 0;
  }
}
