/** Choices by chance that can be repeated: the seed says all of them. */

/** Numbers from 0 to below 1 (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Chooses. */
export class Chance {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = seeded(seed);
  }

  one<Value>(of: readonly Value[]): Value {
    return of[Math.floor(this.#next() * of.length)] as Value;
  }

  /** Each with the given share. */
  some<Value>(of: readonly Value[], share = 0.5): Value[] {
    return of.filter(() => this.is(share));
  }

  /** From none to the given number. */
  times<Value>(most: number, make: (index: number) => Value): Value[] {
    return Array.from({ length: Math.floor(this.#next() * (most + 1)) }, (_, index) => make(index));
  }

  is(share: number): boolean {
    return this.#next() < share;
  }

  /** Fields that are there by chance. */
  maybe<Fields extends object>(share: number, make: () => Fields): Fields | Record<never, never> {
    return this.is(share) ? make() : {};
  }
}
