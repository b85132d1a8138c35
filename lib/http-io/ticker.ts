/** One coarse tick for the time limits of all connections: no connection has a timer of its own. */

import type { Clock, Timer } from "#lib/time/clock.ts";
import { outbox } from "./outbox.ts";
import { throwLater } from "./throw-later.ts";

/** Time limits are kept to this many milliseconds: they may come so much early. */
export const TICK_MS = 250;

/** Where nothing happens, ticks are left out for this long at most. */
export const REST_LIMIT_MS = 5000;

/**
 * So long before a limit is reached there are ticks again: a process that was stopped, or whose ticks were left out,
 * reads several times what its peers have sent before it blames one.
 */
const CLOSE_MS = 1000;

/** A connection that counts time. */
export interface Ticking {
  /** So many milliseconds have passed, the process awake: a process that was stopped does not blame its peers for it. */
  tick(elapsedMs: number): void;
  /** How long until a tick does something, if nothing else happens until then. */
  leftMs(): number;
}

/**
 * Ticks while it has members; short connections that come and go one by one set no timer each. After a tick before
 * which nothing happened it rests, until something does or a limit comes close: an idle process sleeps.
 */
export class Ticker {
  readonly #clock: Clock;
  readonly #members = new Set<Ticking>();
  /** Those that came while the others were told the time, which is not theirs. */
  readonly #late = new Set<Ticking>();
  #passing = false;
  #timer: Timer | undefined;
  /** When the timer was set, and to what. */
  #sinceMs = 0;
  #plannedMs = TICK_MS;
  /** Whether anything has happened since then; the outbox is asked to say so, once. */
  #stirred = false;
  #listening = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(member: Ticking): void {
    this.#stir();
    (this.#passing ? this.#late : this.#members).add(member);
    if (this.#timer === undefined) this.#plan(TICK_MS);
  }

  delete(member: Ticking): void {
    this.#members.delete(member);
    this.#late.delete(member);
  }

  #plan(ms: number): void {
    // A member that came within a tick has had one planned.
    this.#timer?.cancel();
    this.#plannedMs = ms;
    this.#sinceMs = this.#clock.now();
    this.#timer = this.#clock.after(ms, this.#tick);
    this.#stirred = false;
    if (this.#listening) return;
    this.#listening = true;
    outbox.onStir(() => {
      this.#listening = false;
      this.#stir();
    });
  }

  /** Something happens now: what time has passed until then is told before, and there are ticks again. */
  #stir(): void {
    this.#stirred = true;
    if (this.#timer === undefined || this.#plannedMs === TICK_MS) return;
    const passedMs = Math.floor(this.#clock.now() - this.#sinceMs);
    const elapsedMs = Math.min(passedMs, this.#plannedMs);
    this.#timer.cancel();
    this.#plan(TICK_MS);
    this.#stirred = true;
    this.#pass(elapsedMs);
  }

  readonly #tick = (): void => {
    this.#timer = undefined;
    if (this.#members.size === 0) return;
    const rests = !this.#stirred;
    const passedMs = this.#plannedMs;
    outbox.enter();
    try {
      this.#pass(passedMs);
      outbox.leave();
    } finally {
      this.#plan(rests ? this.#restMs() : TICK_MS);
    }
  };

  /** A member that throws keeps the time from no other, and its error from whoever happened to stir. */
  #pass(elapsedMs: number): void {
    this.#passing = true;
    for (const member of this.#members)
      try {
        member.tick(elapsedMs);
      } catch (error) {
        throwLater(error);
      }
    this.#passing = false;
    for (const member of this.#late) this.#members.add(member);
    this.#late.clear();
  }

  /** Where nobody is left, the next tick finds that and is the last. */
  #restMs(): number {
    let leftMs = REST_LIMIT_MS + CLOSE_MS;
    for (const member of this.#members) leftMs = Math.min(leftMs, member.leftMs());
    const restMs = leftMs - CLOSE_MS;
    return Math.max(TICK_MS, restMs - (restMs % TICK_MS));
  }
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
