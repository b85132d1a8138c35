/** A clock for what looks again and again: a test waits for the end of a look instead of guessing how long it takes. */

import type { Timer } from "#lib/time/clock.ts";
import { FakeClock } from "./clock.ts";

/** Wakes what waits `everyMs`, and tells when it waits again: whoever did so first, as others may wait as long. */
export class AwaitedClock extends FakeClock {
  readonly #everyMs: number;
  #looks: (() => void) | undefined;
  #armed: PromiseWithResolvers<void> = Promise.withResolvers<void>();

  constructor(everyMs: number) {
    super();
    this.#everyMs = everyMs;
  }

  override after(ms: number, wake: () => void): Timer {
    const timer = super.after(ms, wake);
    if (ms === this.#everyMs) this.#looks ??= wake;
    if (wake === this.#looks) this.#armed.resolve();
    return timer;
  }

  /** Settles when the look that this starts has ended. */
  async look(): Promise<void> {
    this.#armed = Promise.withResolvers<void>();
    this.advance(this.#everyMs);
    await this.#armed.promise;
  }
}
