/** The primitive values of protobuf's wire format, read one after the other. */

/** Why bytes are no message. */
export class WireError extends Error {
  override readonly name = "WireError";
  /**
   * `truncated`: a value runs beyond its message or the input; `wire-type`: a known field comes in another encoding than
   * its own (as prost, which linkerd2-proxy reads with, refuses it too); `depth`: more than 100 messages or groups within each other.
   */
  readonly code: "truncated" | "varint" | "tag" | "wire-type" | "group" | "depth" | "utf8";

  constructor(code: WireError["code"]) {
    super(`Cannot decode message: ${code}`);
    this.code = code;
  }
}

/** How a value is encoded: the low three bits of a tag. */
export const WireType = { varint: 0, bits64: 1, bytes: 2, start: 3, end: 4, bits32: 5 } as const;

/** A leading U+FEFF is text in protobuf, not a mark of the byte order. */
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const VARINT_LIMIT_BYTES = 10;
const TAG_LIMIT_BYTES = 5;

/** Reads within a window of the bytes, narrowed to each message that is entered. Every method may throw WireError. */
export class WireReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #pos = 0;
  #end: number;
  /** The upper half of the last varint. */
  #high = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#end = bytes.length;
  }

  /** Whether all of the window has been read. */
  get done(): boolean {
    return this.#pos === this.#end;
  }

  /** Narrows the window to the next value, which has its length before it; what it returns is for `leave`. */
  enter(): number {
    const outer = this.#end;
    const at = this.#take(this.uint32());
    this.#end = this.#pos;
    this.#pos = at;
    return outer;
  }

  /** Widens the window again. */
  leave(outer: number): void {
    this.#end = outer;
  }

  /** A field number, shifted left by three, and a wire type. */
  tag(): number {
    const start = this.#pos;
    const tag = this.uint32();
    const long = this.#high !== 0 || this.#pos - start > TAG_LIMIT_BYTES;
    if (long || tag < 8 || (tag & 7) > WireType.bits32) throw new WireError("tag");
    return tag;
  }

  /** Passes over the value that comes after a tag; groups within each other may be `depth` deep. */
  skip(tag: number, depth: number): void {
    switch (tag & 7) {
      case WireType.varint:
        this.uint32();
        return;
      case WireType.bits64:
        this.#take(8);
        return;
      case WireType.bytes:
        this.#take(this.uint32());
        return;
      case WireType.bits32:
        this.#take(4);
        return;
      case WireType.start:
        this.#skipGroup(tag, depth);
        return;
      default:
        throw new WireError("group");
    }
  }

  #skipGroup(start: number, depth: number): void {
    if (depth <= 0) throw new WireError("depth");
    for (;;) {
      const tag = this.tag();
      if ((tag & 7) !== WireType.end) this.skip(tag, depth - 1);
      else if (tag >>> 3 === start >>> 3) return;
      else throw new WireError("group");
    }
  }

  /** The lower half of a varint. */
  uint32(): number {
    let [low, high] = [0, 0];
    for (let i = 0; i < VARINT_LIMIT_BYTES; i++) {
      const byte = this.#bytes[this.#take(1)] as number;
      const part = byte & 127;
      if (i < 4) low |= part << (7 * i);
      else if (i > 4) high |= part << (7 * i - 32);
      else {
        low |= part << 28;
        high = part >> 4;
      }
      if (byte >= 128) continue;
      this.#high = high;
      return low >>> 0;
    }
    throw new WireError("varint");
  }

  int32(): number {
    return this.uint32() | 0;
  }

  int64(): bigint {
    const low = this.uint32();
    return (BigInt(this.#high) << 32n) | BigInt(low);
  }

  uint64(): bigint {
    return BigInt.asUintN(64, this.int64());
  }

  bool(): boolean {
    const low = this.uint32();
    return low !== 0 || this.#high !== 0;
  }

  fixed32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  fixed64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  float(): number {
    return this.#view.getFloat32(this.#take(4), true);
  }

  double(): number {
    return this.#view.getFloat64(this.#take(8), true);
  }

  /** A view of the input. */
  bytes(): Uint8Array {
    const at = this.#take(this.uint32());
    return this.#bytes.subarray(at, this.#pos);
  }

  string(): string {
    const bytes = this.bytes();
    try {
      return UTF8.decode(bytes);
    } catch {
      throw new WireError("utf8");
    }
  }

  /** Moves on by a count of bytes and returns where they begin. */
  #take(count: number): number {
    if (count > this.#end - this.#pos) throw new WireError("truncated");
    this.#pos += count;
    return this.#pos - count;
  }
}
