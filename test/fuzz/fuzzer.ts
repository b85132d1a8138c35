/** Mutates what reached something new, and keeps what reaches more. */

import { Mutator, type Random } from "./mutate.ts";
import type { Target } from "./target.ts";

/** An input that something does not hold for. */
export interface Finding {
  readonly input: Uint8Array;
  readonly error: Error;
}

/** One run against one target. */
export class Fuzzer {
  executions = 0;
  readonly corpus: Uint8Array[] = [];
  readonly #target: Target;
  readonly #counters: Uint8Array;
  readonly #words: Uint32Array;
  /** For each block the classes of counts that were seen, as bits. */
  readonly #seen: Uint8Array;
  readonly #random: Random;
  readonly #mutator: Mutator;

  constructor(
    target: Target,
    how: {
      readonly counters: Uint8Array;
      readonly random: Random;
      readonly corpus: readonly Uint8Array[];
    },
  ) {
    this.#target = target;
    this.#counters = how.counters;
    this.#words = new Uint32Array(
      how.counters.buffer,
      how.counters.byteOffset,
      how.counters.length >> 2,
    );
    this.#seen = new Uint8Array(how.counters.length);
    this.#random = how.random;
    this.#mutator = new Mutator(how.random, target);
    this.corpus.push(...target.seeds, ...how.corpus);
  }

  /** Runs every input of the corpus once. */
  begin(): Finding | undefined {
    for (const input of this.corpus) {
      const finding = this.#execute(input);
      if (finding !== undefined) return finding;
      this.#reachedMore();
    }
    return undefined;
  }

  /** Runs so many mutants, or until something does not hold. `before` is given each input before it is run. */
  run(count: number, before: (input: Uint8Array) => void): Finding | undefined {
    for (let i = 0; i < count; i++) {
      const input = this.#mutator.mutate(this.#pick(), this.#pick());
      before(input);
      const finding = this.#execute(input);
      if (finding !== undefined) return finding;
      if (this.#reachedMore()) this.corpus.push(new Uint8Array(input));
    }
    return undefined;
  }

  /** Half of the time one of the latest. */
  #pick(): Uint8Array {
    const { length } = this.corpus;
    const chance = this.#random();
    const recent = Math.min(length, 32);
    const at =
      chance < 0.5
        ? Math.floor(chance * 2 * length)
        : length - 1 - Math.floor((chance - 0.5) * 2 * recent);
    return this.corpus[at] as Uint8Array;
  }

  #execute(input: Uint8Array): Finding | undefined {
    this.#counters.fill(0);
    this.executions++;
    try {
      this.#target.run(input);
      return undefined;
    } catch (error) {
      return {
        input: new Uint8Array(input),
        error: error instanceof Error ? error : new Error(String(error)),
      };
    }
  }

  #reachedMore(): boolean {
    let more = false;
    const [words, counters, seen] = [this.#words, this.#counters, this.#seen];
    for (let word = 0; word < words.length; word++) {
      if (words[word] === 0) continue;
      for (let i = word * 4; i < word * 4 + 4; i++) {
        const bit = classOf(counters[i] as number);
        if ((bit & ~(seen[i] as number)) === 0) continue;
        seen[i] = (seen[i] as number) | bit;
        more = true;
      }
    }
    return more;
  }
}

/** Counts of a block that are told apart: 0, 1, 2, 3, 4 to 7, up to 15, up to 31, more. */
function classOf(count: number): number {
  if (count === 0) return 0;
  if (count < 4) return 1 << (count - 1);
  return count < 8 ? 8 : count < 16 ? 16 : count < 32 ? 32 : 64;
}
