/** A clock for what looks again and again: a test waits for the end of a look instead of guessing how long it takes. */

import type { Timer } from "#lib/time/clock.ts";
import { FakeClock } from "./clock.ts";

/** Wakes what waits `everyMs`, and tells when all of it waits again: who did so first, as others may wait as long. */
export class AwaitedClock extends FakeClock {
  readonly #everyMs: number;
  readonly #count: number;
  readonly #looks = new Set<() => void>();
  #due = new Set<() => void>();
  #armed: PromiseWithResolvers<void> = Promise.withResolvers<void>();

  /** `count` is how many look again and again. */
  constructor(everyMs: number, count = 1) {
    super();
    this.#everyMs = everyMs;
    this.#count = count;
  }

  override after(ms: number, wake: () => void): Timer {
    const timer = super.after(ms, wake);
    if (ms === this.#everyMs && this.#looks.size < this.#count) this.#looks.add(wake);
    if (this.#due.delete(wake) && this.#due.size === 0) this.#armed.resolve();
    return timer;
  }

  /** Settles when the looks that this starts have ended. */
  async look(): Promise<void> {
    this.#armed = Promise.withResolvers<void>();
    this.#due = new Set(this.#looks);
    this.advance(this.#everyMs);
    await this.#armed.promise;
  }
}
