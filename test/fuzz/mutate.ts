/** Changes inputs: bits, bytes, numbers, pieces, tokens, and parts of other inputs. */

/** A source of numbers from 0 (inclusive) to 1 (exclusive). */
export type Random = () => number;

/** Numbers from a seed (xorshift32): a run can be repeated. */
export function randomFrom(seed: number): Random {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

const EDGES: readonly number[] = [0, 1, 9, 10, 13, 32, 58, 59, 127, 128, 254, 255];

/** Mutates a copy of an input, at most `maxBytes` long. */
export class Mutator {
  readonly #random: Random;
  readonly #tokens: readonly Uint8Array[];
  readonly #maxBytes: number;
  readonly #buffer: Uint8Array;
  #length = 0;

  constructor(
    random: Random,
    how: { readonly tokens: readonly Uint8Array[]; readonly maxBytes: number },
  ) {
    this.#random = random;
    this.#tokens = how.tokens;
    this.#maxBytes = how.maxBytes;
    this.#buffer = new Uint8Array(how.maxBytes);
  }

  /** A mutant; valid until the next. `other` lends its parts. */
  mutate(input: Uint8Array, other: Uint8Array): Uint8Array {
    this.#length = Math.min(input.length, this.#maxBytes);
    this.#buffer.set(input.subarray(0, this.#length));
    const steps = 1 << this.#below(4);
    for (let i = 0; i < steps; i++) this.#step(other);
    return this.#buffer.subarray(0, this.#length);
  }

  #step(other: Uint8Array): void {
    const at = this.#below(this.#length + 1);
    switch (this.#below(9)) {
      case 0:
        if (at < this.#length)
          this.#buffer[at] = (this.#buffer[at] as number) ^ (1 << this.#below(8));
        break;
      case 1:
        if (at < this.#length) this.#buffer[at] = this.#below(256);
        break;
      case 2:
        if (at < this.#length) this.#buffer[at] = EDGES[this.#below(EDGES.length)] as number;
        break;
      case 3:
        if (at < this.#length)
          this.#buffer[at] = (this.#buffer[at] as number) + this.#below(33) - 16;
        break;
      case 4:
        this.#cut(at, 1 + this.#below(1 + (this.#length >> 2)));
        break;
      case 5: {
        const from = this.#below(this.#length + 1);
        this.#insert(
          at,
          this.#buffer.slice(from, Math.min(from + 1 + this.#below(32), this.#length)),
        );
        break;
      }
      case 6:
      case 7:
        if (this.#tokens.length > 0)
          this.#insert(at, this.#tokens[this.#below(this.#tokens.length)] as Uint8Array);
        break;
      default: {
        const from = this.#below(other.length + 1);
        this.#insert(at, other.subarray(from, from + 1 + this.#below(64)));
      }
    }
  }

  #cut(at: number, count: number): void {
    const end = Math.min(at + count, this.#length);
    this.#buffer.copyWithin(at, end, this.#length);
    this.#length -= end - at;
  }

  #insert(at: number, piece: Uint8Array): void {
    const fits = piece.subarray(0, this.#maxBytes - this.#length);
    this.#buffer.copyWithin(at + fits.length, at, this.#length);
    this.#buffer.set(fits, at);
    this.#length += fits.length;
  }

  #below(bound: number): number {
    return Math.floor(this.#random() * bound);
  }
}
