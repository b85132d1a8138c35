/** Bytes that are written from the end to the beginning: what stands before a part, its length, is known once the part is there. */

import { WireType } from "./reader.ts";

const FIRST_BYTES = 256;

/** Everything that is written comes before what was written already. */
export class BackwardWriter {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  /** Where what was written begins. */
  #at = FIRST_BYTES;

  /** How many bytes are written. */
  get length(): number {
    return this.#bytes.length - this.#at;
  }

  /** All of it, no longer shared with what is written later. */
  take(): Uint8Array {
    return new Uint8Array(this.#bytes.subarray(this.#at));
  }

  push(bytes: Uint8Array): void {
    const at = this.#reserve(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** As UTF-8. */
  text(text: string): void {
    const length = Buffer.byteLength(text);
    const at = this.#reserve(length);
    this.#bytes.write(text, at, length, "utf8");
  }

  /** A whole number from 0 to 2^32 - 1. */
  varint(number: number): void {
    let length = 1;
    for (let left = number >>> 7; left > 0; left >>>= 7) length++;
    let at = this.#reserve(length);
    let left = number;
    for (; left > 127; left >>>= 7) this.#bytes[at++] = (left & 127) | 128;
    this.#bytes[at] = left;
  }

  /** One of 64 bits; a negative one takes all ten bytes. */
  varint64(number: bigint): void {
    const bytes: number[] = [];
    let left = BigInt.asUintN(64, number);
    for (; left > 127n; left >>= 7n) bytes.push(Number(left & 127n) | 128);
    bytes.push(Number(left));
    this.push(Uint8Array.from(bytes));
  }

  fixed32(number: number): void {
    const at = this.#reserve(4);
    this.#bytes.writeUInt32LE(number, at);
  }

  fixed64(number: bigint): void {
    const at = this.#reserve(8);
    this.#bytes.writeBigUInt64LE(number, at);
  }

  float(number: number): void {
    const at = this.#reserve(4);
    this.#bytes.writeFloatLE(number, at);
  }

  double(number: number): void {
    const at = this.#reserve(8);
    this.#bytes.writeDoubleLE(number, at);
  }

  /** What a field begins with. */
  tag(number: number, wireType: number): void {
    this.varint(number * 8 + wireType);
  }

  /** Makes a field of what was written since it was so long. */
  delimit(number: number, end: number): void {
    this.varint(this.length - end);
    this.tag(number, WireType.bytes);
  }

  /** Makes room for so many bytes before what was written, and says where. */
  #reserve(count: number): number {
    if (count > this.#at) this.#grow(count);
    this.#at -= count;
    return this.#at;
  }

  #grow(count: number): void {
    const { length } = this;
    const bytes = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, length + count));
    this.#bytes.copy(bytes, bytes.length - length, this.#at);
    this.#at = bytes.length - length;
    this.#bytes = bytes;
  }
}
