/** Length-prefixed messages out of and into bytes. */

/** A message longer than this is refused, as grpc-go and grpc-java do. */
export const MESSAGE_LIMIT_BYTES: number = 4 * 1024 * 1024;

const PREFIX_BYTES = 5;
const FIRST_CAPACITY = 256;

/** What a reader finds: a message too long, a compressed one, or a flag that means nothing. */
export type FramingProblem = "too-large" | "compressed" | "malformed";

/** Cuts what arrives into messages, from any chunking. What it holds is at most twice what has come. */
export class MessageReader {
  readonly #limit: number;
  /** What came of a message that is not whole: the first `#length` bytes. */
  #kept: Buffer = EMPTY;
  #length = 0;

  constructor(limitBytes: number = MESSAGE_LIMIT_BYTES) {
    this.#limit = limitBytes;
  }

  /** Whether a message has begun and not ended. */
  get incomplete(): boolean {
    return this.#length > 0;
  }

  /** How much of one is kept. */
  get keptBytes(): number {
    return this.#length;
  }

  /** Forgets what is kept. */
  clear(): void {
    this.#kept = EMPTY;
    this.#length = 0;
  }

  /** Hands over every message that is complete, as a copy; returns what is wrong, if anything. */
  receive(chunk: Uint8Array, onMessage: (message: Uint8Array) => void): FramingProblem | undefined {
    const fresh = this.#length === 0;
    if (!fresh) this.#keep(chunk);
    const bytes = fresh
      ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
      : this.#kept.subarray(0, this.#length);
    let at = 0;
    while (bytes.length - at >= PREFIX_BYTES) {
      const end = at + PREFIX_BYTES + bytes.readUInt32BE(at + 1);
      const problem = this.#problemOf(bytes[at], end - at - PREFIX_BYTES);
      if (problem !== undefined) return problem;
      if (bytes.length < end) break;
      onMessage(Buffer.from(bytes.subarray(at + PREFIX_BYTES, end)));
      at = end;
    }
    if (at === 0 && !fresh) return undefined;
    this.clear();
    if (at < bytes.length) this.#keep(bytes.subarray(at));
    return undefined;
  }

  #problemOf(flag: number | undefined, length: number): FramingProblem | undefined {
    if (flag === 1) return "compressed";
    if (flag !== 0) return "malformed";
    return length > this.#limit ? "too-large" : undefined;
  }

  #keep(bytes: Uint8Array): void {
    const needed = this.#length + bytes.length;
    if (needed > this.#kept.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, 2 * this.#length, FIRST_CAPACITY));
      this.#kept.copy(grown, 0, 0, this.#length);
      this.#kept = grown;
    }
    this.#kept.set(bytes, this.#length);
    this.#length = needed;
  }
}

const EMPTY: Buffer = Buffer.alloc(0);

/** A message with its prefix: not compressed, then its length. */
export function frameMessage(message: Uint8Array): Uint8Array {
  const framed = new Uint8Array(PREFIX_BYTES + message.length);
  new DataView(framed.buffer).setUint32(1, message.length);
  framed.set(message, PREFIX_BYTES);
  return framed;
}
