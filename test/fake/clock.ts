/** A clock that moves only when told to. */

import type { Clock, Timer } from "#lib/time/clock.ts";

/** Time for tests: `advance` moves it and wakes what is due, in order. */
export class FakeClock implements Clock {
  #nowMs = 0;
  #timers: { readonly atMs: number; readonly wake: () => void }[] = [];

  now(): number {
    return this.#nowMs;
  }

  wall(): number {
    return this.#nowMs;
  }

  after(ms: number, wake: () => void): Timer {
    const timer = { atMs: this.#nowMs + ms, wake };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((each) => each !== timer);
      },
    };
  }

  /** How long until the next timer; undefined without one. */
  get nextMs(): number | undefined {
    const [first] = this.#timers.toSorted((a, b) => a.atMs - b.atMs);
    return first && first.atMs - this.#nowMs;
  }

  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const [due] = this.#timers
        .filter(({ atMs }) => atMs <= endMs)
        .toSorted((a, b) => a.atMs - b.atMs);
      if (due === undefined) break;
      this.#timers = this.#timers.filter((each) => each !== due);
      this.#nowMs = due.atMs;
      due.wake();
    }
    this.#nowMs = endMs;
  }
}

/** Whether nothing ticks any more once the tick that was due has found nobody. */
export function rests(clock: FakeClock): boolean {
  clock.advance(clock.nextMs ?? 0);
  return clock.nextMs === undefined;
}
