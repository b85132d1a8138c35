/** A growable buffer that gathers what is written in one tick, from a pool so that idle connections hold none. */

import { asBuffer, latin1Write } from "./latin1.ts";

/**
 * The sizes of buffers, and how many of each are kept for the next one who needs one. As many connections write at once
 * as there are answers in one event, but few of them much: in a pool of one kind every buffer would come to be as large
 * as anybody ever needed.
 */
export const POOLS: readonly {
  readonly bytes: number;
  readonly limit: number;
  readonly kept: Buffer[];
}[] = [
  { bytes: 4 * 1024, limit: 64, kept: [] },
  { bytes: 16 * 1024, limit: 32, kept: [] },
  { bytes: 64 * 1024, limit: 8, kept: [] },
  { bytes: 256 * 1024, limit: 2, kept: [] },
];

const EMPTY: Buffer = Buffer.alloc(0);
const ZERO = 48;
/** Up to here a number can be divided as 32 bits. */
const SMALL_NUMBER = 2 ** 31 - 1;

/** Bytes `0 .. length` of `bytes` are what was written since the last `clear`. */
export class ByteWriter {
  bytes: Buffer = EMPTY;
  length = 0;

  /** Makes room for `count` more bytes at `length`; the caller writes them and moves `length`. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    const before = this.bytes;
    this.bytes = take(needed);
    before.copy(this.bytes, 0, 0, this.length);
    release(before);
  }

  /** Copies bytes in, all of a chunk or `chunk[from .. to)`. No view is made: of bytes just received that is dear. */
  push(chunk: Uint8Array, from = 0, to: number = chunk.length): void {
    this.reserve(to - from);
    this.length += asBuffer(chunk).copy(this.bytes, this.length, from, to);
  }

  /** Writes a text, a byte for each character; those above 255 lose their high bits. */
  text(text: string): void {
    this.reserve(text.length);
    this.length += latin1Write(this.bytes, text, this.length);
  }

  /** Writes a whole number from 0 to 2^53 - 1 in decimal digits; small ones without a string. */
  decimal(value: number): void {
    if (value > SMALL_NUMBER) {
      this.text(String(value));
      return;
    }
    let digits = 1;
    for (let bound = 10; value >= bound; bound *= 10) digits++;
    this.reserve(digits);
    this.length += digits;
    let rest = value | 0;
    for (let at = this.length - 1; digits > 0; digits--, at--) {
      const tens = (rest / 10) | 0;
      this.bytes[at] = ZERO + rest - tens * 10;
      rest = tens;
    }
  }

  /** What was written; valid until `clear`. */
  view(): Buffer {
    return this.bytes.subarray(0, this.length);
  }

  /** Forgets what was written and gives the buffer back. */
  clear(): void {
    release(this.bytes);
    this.bytes = EMPTY;
    this.length = 0;
  }
}

/** A buffer that holds so much; what no pool has grows by half as much again, so that it is not copied for each chunk. */
function take(needed: number): Buffer {
  for (const { bytes, kept } of POOLS)
    if (needed <= bytes) return kept.pop() ?? Buffer.allocUnsafeSlow(bytes);
  return Buffer.allocUnsafeSlow(needed + (needed >> 1));
}

function release(buffer: Buffer): void {
  const { length } = buffer;
  for (const { bytes, limit, kept } of POOLS)
    if (length === bytes && kept.length < limit) kept.push(buffer);
}
