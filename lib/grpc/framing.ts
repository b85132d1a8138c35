/** Length-prefixed messages out of and into bytes. */

/** A message longer than this is refused. */
export const MESSAGE_LIMIT_BYTES: number = 4 * 1024 * 1024;

/** What a reader finds: a message too long, or one that is compressed although nothing was agreed. */
export type FramingProblem = "too-large" | "compressed";

/** Cuts what arrives into messages, from any chunking. */
export class MessageReader {
  readonly #limit: number;
  #rest: Buffer = EMPTY;

  constructor(limitBytes: number = MESSAGE_LIMIT_BYTES) {
    this.#limit = limitBytes;
  }

  /** Whether a message has begun and not ended. */
  get incomplete(): boolean {
    return this.#rest.length > 0;
  }

  /** Hands over every message that is complete, as a copy; returns what is wrong, if anything. */
  receive(chunk: Uint8Array, onMessage: (message: Uint8Array) => void): FramingProblem | undefined {
    const bytes = this.#rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    while (bytes.length - at >= 5) {
      const length = bytes.readUInt32BE(at + 1);
      if (bytes[at] !== 0) return "compressed";
      if (length > this.#limit) return "too-large";
      if (bytes.length - at < 5 + length) break;
      onMessage(bytes.subarray(at + 5, at + 5 + length));
      at += 5 + length;
    }
    this.#rest = bytes.subarray(at);
    return undefined;
  }
}

const EMPTY: Buffer = Buffer.alloc(0);

/** A message with its prefix: not compressed, then its length. */
export function frameMessage(message: Uint8Array): Uint8Array {
  const framed = new Uint8Array(5 + message.length);
  new DataView(framed.buffer).setUint32(1, message.length);
  framed.set(message, 5);
  return framed;
}
