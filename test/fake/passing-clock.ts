/** The machine's clock, which a test can also set forward: for waits of minutes between sockets that are real. */

import { systemClock } from "#lib/sys/system-clock.ts";
import type { Clock, Timer } from "#lib/time/clock.ts";

/** Turns of the event loop after a step, so that what it caused can travel over loopback. */
const TURNS_A_STEP = 4;

/** Time goes by itself, and by `pass`. */
export class PassingClock implements Clock {
  #passedMs = 0;
  readonly #timers = new Set<{ readonly atMs: number; readonly wake: () => void }>();

  now(): number {
    return systemClock.now() + this.#passedMs;
  }

  wall(): number {
    return systemClock.wall() + this.#passedMs;
  }

  after(ms: number, wake: () => void): Timer {
    const timer = { atMs: this.now() + ms, wake: () => this.#fire(timer, wake, real) };
    const real = systemClock.after(ms, () => timer.wake());
    this.#timers.add(timer);
    return {
      cancel: () => {
        real.cancel();
        this.#timers.delete(timer);
      },
    };
  }

  #fire(
    timer: { readonly atMs: number; readonly wake: () => void },
    wake: () => void,
    real: Timer,
  ): void {
    real.cancel();
    if (this.#timers.delete(timer)) wake();
  }

  /** Lets so much time pass, in steps of a quarter of a second; sockets are served between them. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 250) {
      this.#passedMs += Math.min(250, left);
      const now = this.now();
      for (const timer of [...this.#timers]) if (timer.atMs <= now) timer.wake();
      for (let turn = 0; turn < TURNS_A_STEP; turn++) await new Promise<void>(setImmediate);
    }
  }
}
