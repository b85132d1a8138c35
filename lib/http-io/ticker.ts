/** One coarse tick for the time limits of all connections: no connection has a timer of its own. */

import type { Clock, Timer } from "#lib/time/clock.ts";
import { outbox } from "./outbox.ts";

/** Time limits are kept to this many milliseconds: they may come so much early. */
export const TICK_MS = 250;

/** A connection that counts time. */
export interface Ticking {
  /** TICK_MS have passed, the process awake: a process that was stopped does not blame its peers for it. */
  tick(elapsedMs: number): void;
}

/** Ticks while it has members; short connections that come and go one by one set no timer each. */
export class Ticker {
  readonly #clock: Clock;
  readonly #members = new Set<Ticking>();
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(member: Ticking): void {
    this.#members.add(member);
    this.#timer ??= this.#clock.after(TICK_MS, this.#tick);
  }

  delete(member: Ticking): void {
    this.#members.delete(member);
  }

  readonly #tick = (): void => {
    if (this.#members.size === 0) {
      this.#timer = undefined;
      return;
    }
    this.#timer = this.#clock.after(TICK_MS, this.#tick);
    outbox.enter();
    try {
      for (const member of this.#members) member.tick(TICK_MS);
    } finally {
      outbox.leave();
    }
  };
}

const tickers = new WeakMap<Clock, Ticker>();

/** The ticker of everything that lives by this clock. */
export function tickerOf(clock: Clock): Ticker {
  let ticker = tickers.get(clock);
  if (ticker === undefined) {
    ticker = new Ticker(clock);
    tickers.set(clock, ticker);
  }
  return ticker;
}
