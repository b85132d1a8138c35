/** Those who wait for a connection of a pool: so many, for so long, and once that was in vain nobody until there is one. */

import type { Clock, Timer } from "#lib/time/clock.ts";
import type { ConnectionWaiter } from "./exchange.ts";

/** How a line is kept; without limits everybody waits. */
export interface LineLimits {
  /** At least 1. */
  readonly capacity: number;
  /** Milliseconds without a connection after which those who wait are told, and others at once. */
  readonly failfastMs: number;
}

/** Why somebody did not get a connection, beside what went wrong with one. */
export class LineError extends Error {
  /** `loadshed`: too many wait; `failfast`: there has been none for too long. */
  readonly code: "failfast" | "loadshed";

  constructor(code: "failfast" | "loadshed") {
    super(code === "failfast" ? "service in fail-fast" : "queue is full");
    this.code = code;
  }
}

/** The line. */
export class WaitingLine {
  readonly #clock: Clock;
  readonly #limits: LineLimits | undefined;
  readonly #waiting: ConnectionWaiter[] = [];
  #timer: Timer | undefined;
  #failing = false;

  constructor(clock: Clock, limits: LineLimits | undefined) {
    this.#clock = clock;
    this.#limits = limits;
  }

  get length(): number {
    return this.#waiting.length;
  }

  /** Takes somebody in, or tells them why not; false then. */
  add(waiter: ConnectionWaiter): boolean {
    const limits = this.#limits;
    if (limits === undefined) {
      this.#waiting.push(waiter);
      return true;
    }
    if (this.#failing || this.#waiting.length >= limits.capacity) {
      waiter.onConnectFailed(new LineError(this.#failing ? "failfast" : "loadshed"));
      return false;
    }
    this.#waiting.push(waiter);
    this.#timer ??= this.#clock.after(limits.failfastMs, () => this.#giveUp());
    return true;
  }

  /** There is a connection. */
  ready(): void {
    this.#failing = false;
    if (this.#timer !== undefined) this.#restart();
  }

  /** The next one, who is given a connection. */
  shift(): ConnectionWaiter | undefined {
    const next = this.#waiting.shift();
    if (this.#waiting.length === 0) this.#stop();
    return next;
  }

  /** Takes out the first, or all. */
  take(count: number): readonly ConnectionWaiter[] {
    const taken = this.#waiting.splice(0, count);
    if (this.#waiting.length === 0) this.#stop();
    return taken;
  }

  remove(waiter: ConnectionWaiter): void {
    const index = this.#waiting.indexOf(waiter);
    if (index >= 0) this.#waiting.splice(index, 1);
    if (this.#waiting.length === 0) this.#stop();
  }

  #restart(): void {
    this.#stop();
    const limits = this.#limits;
    if (limits !== undefined && this.#waiting.length > 0)
      this.#timer = this.#clock.after(limits.failfastMs, () => this.#giveUp());
  }

  #stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #giveUp(): void {
    this.#timer = undefined;
    this.#failing = true;
    for (const waiter of this.#waiting.splice(0)) waiter.onConnectFailed(new LineError("failfast"));
  }
}
