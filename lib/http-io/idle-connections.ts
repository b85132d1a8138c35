/** The idle HTTP/1 connections of a pool: the latest is used first, the oldest are closed. */

import type { Clock, Timer } from "#lib/time/clock.ts";
import type { ClientConnection } from "./exchange.ts";

/** How they are kept. */
export interface IdleLimits {
  readonly clock: Clock;
  /** Milliseconds after which one is closed. */
  readonly idleMs: number;
  /** One that is kept beyond so many is closed at once. */
  readonly maxIdle: number;
}

/** Connections that wait for their next request. */
export class IdleConnections {
  /**
   * The one that came last, and when. Of a thousand endpoints most have no other one, and what else is here does not
   * have to come into the processor's cache for their requests.
   */
  #latest: ClientConnection | undefined;
  #latestSince = 0;
  #sweep: Timer | undefined;
  readonly #limits: IdleLimits;
  /** Those before it, and when each of them came: in rising order. */
  #others: ClientConnection[] = [];
  #othersSince: number[] = [];

  constructor(limits: IdleLimits) {
    this.#limits = limits;
  }

  /** Whether one can be used. */
  get warm(): boolean {
    return this.#latest?.available === true || this.#others.some(({ available }) => available);
  }

  /** Takes out the latest that can be used. */
  take(): ClientConnection | undefined {
    const latest = this.#latest;
    this.#latest = undefined;
    if (latest?.available === true) return latest;
    while (this.#others.length > 0) {
      const connection = this.#others.pop();
      this.#othersSince.pop();
      if (connection?.available === true) return connection;
    }
    return undefined;
  }

  /** Takes one in, or closes it where there are as many as may be. */
  keep(connection: ClientConnection): void {
    const { clock, idleMs, maxIdle } = this.#limits;
    const before = this.#latest;
    if (this.#others.length + (before === undefined ? 0 : 1) >= maxIdle) {
      connection.drain();
      return;
    }
    if (before !== undefined) {
      this.#others.push(before);
      this.#othersSince.push(this.#latestSince);
    }
    this.#latest = connection;
    this.#latestSince = clock.now();
    this.#sweep ??= clock.after(idleMs, () => this.#closeOld());
  }

  /** It is gone. */
  forget(connection: ClientConnection): void {
    if (this.#latest === connection) {
      this.#latest = undefined;
      return;
    }
    const index = this.#others.indexOf(connection);
    if (index < 0) return;
    this.#others.splice(index, 1);
    this.#othersSince.splice(index, 1);
  }

  /** Closes all. */
  drain(): void {
    this.#sweep?.cancel();
    this.#sweep = undefined;
    this.#othersSince = [];
    for (const connection of this.#others.splice(0)) connection.drain();
    const latest = this.#latest;
    this.#latest = undefined;
    latest?.drain();
  }

  /** One timer for all: it closes the old ones and comes again while some are left. */
  #closeOld(): void {
    this.#sweep = undefined;
    const { clock, idleMs } = this.#limits;
    const before = clock.now() - idleMs;
    const old = this.#othersSince.filter((since) => since <= before).length;
    for (const connection of this.#others.slice(0, old)) connection.drain();
    if (this.#latestSince <= before) this.#latest?.drain();
    const oldest = this.#othersSince[0] ?? (this.#latest && this.#latestSince);
    if (oldest !== undefined)
      this.#sweep = clock.after(Math.max(1, oldest - before), () => this.#closeOld());
  }
}
