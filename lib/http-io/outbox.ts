/** Gathers what connections have to write, so that each writes once however many frames that was. */

import type { Clock } from "#lib/time/clock.ts";

/** Something with bytes to write. */
export interface Flushable {
  flush(): void;
}

/** A connection that shares its socket among many streams and has gathered so much writes without waiting longer. */
export const EAGER_FLUSH_BYTES: number = 64 * 1024;

/** A client that leaves more than this unread is not read either, until it has taken all of it. */
export const UNREAD_LIMIT_BYTES: number = 1024 * 1024;

/** Connections marked since they last wrote. */
export class Outbox {
  #marked: Flushable[] = [];
  #shared: Flushable[] = [];
  #listeners: (() => void)[] = [];
  /** The lists of the event and the tick before, empty: two lists take turns. */
  #markedBefore: Flushable[] = [];
  #sharedBefore: Flushable[] = [];
  #depth = 0;
  #scheduled = false;
  /** The time of the event that runs now, once somebody has asked for it; below 0 before. */
  #eventMs = -1;
  #eventClock: Clock | undefined;
  #tickScheduled = false;

  /** Has `flush` called at the end of the event that runs now. */
  mark(connection: Flushable): void {
    this.stir();
    this.#marked.push(connection);
    if (this.#depth > 0 || this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(this.#flushLater);
  }

  /**
   * Has `flush` called when all sockets that were ready have been read: what several events bring to one connection
   * goes out in one write, and over TLS in one record.
   */
  markShared(connection: Flushable): void {
    this.stir();
    this.#shared.push(connection);
    if (this.#tickScheduled) return;
    this.#tickScheduled = true;
    setImmediate(this.flushShared);
  }

  /** Begins an event; what is marked until `leave` is written there. */
  enter(): void {
    // Before it counts: what throws here has no `leave`.
    this.stir();
    if (this.#depth++ === 0) this.#eventMs = -1;
  }

  /** Calls back once, when something happens next. */
  onStir(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Something is about to happen; events and marks say so by themselves. */
  stir(): void {
    if (this.#listeners.length === 0) return;
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener();
  }

  /** A clock whose `now` stands still while an event runs: asking the kernel for the time costs more than most steps. */
  clock(clock: Clock): Clock {
    return {
      now: () => this.#now(clock),
      wall: () => clock.wall(),
      after: (ms, wake) => clock.after(ms, wake),
    };
  }

  #now(clock: Clock): number {
    if (this.#depth === 0) return clock.now();
    if (this.#eventMs < 0 || this.#eventClock !== clock) {
      this.#eventClock = clock;
      this.#eventMs = clock.now();
    }
    return this.#eventMs;
  }

  leave(): void {
    this.#depth--;
    if (this.#depth === 0 && this.#marked.length > 0) this.#flush();
  }

  readonly #flushLater = (): void => {
    this.#scheduled = false;
    this.#flush();
  };

  /** Writes what was marked as shared now; the runtime calls it once a tick. */
  readonly flushShared = (): void => {
    this.#tickScheduled = false;
    const shared = this.#shared;
    this.#shared = this.#sharedBefore;
    this.#sharedBefore = shared;
    flushAll(shared);
  };

  #flush(): void {
    while (this.#marked.length > 0) {
      const marked = this.#marked;
      this.#marked = this.#markedBefore;
      this.#markedBefore = marked;
      flushAll(marked);
    }
  }
}

/** Has all of them write and empties the list, which is used again. Throws what the first threw that did. */
function flushAll(list: Flushable[]): void {
  let failure: unknown;
  for (let i = 0; i < list.length; i++)
    try {
      (list[i] as Flushable).flush();
    } catch (error) {
      failure ??= error;
    }
  list.length = 0;
  if (failure !== undefined) throw failure;
}

/** The outbox of this process: an event may touch connections of both sides, so they share one. */
export const outbox: Outbox = new Outbox();
