/** Connections to one endpoint that are being made: so many at a time that each is made before its time is over. */

import type { ConnectError } from "#lib/net/connect.ts";

/**
 * A handshake takes about a millisecond of both proxies' time. When thousands are wanted at once, all would share the
 * processor, none would be done in time, and the endpoint would be taken for one that is down. Further ones wait for
 * their turn, and their time begins with it.
 */
export const CONNECTING_LIMIT = 64;

/** One connection that is wanted. */
export interface Attempt {
  /** Its turn has come; `ended` must follow. */
  start(): void;
  /** Another attempt failed before its turn came. */
  refused(error: ConnectError): void;
}

/** Starts attempts in their order. */
export class ConnectQueue {
  #connecting = 0;
  #waiting: Attempt[] = [];

  /** Starts the attempt now, or when one of those under way has ended. */
  add(attempt: Attempt): void {
    if (this.#connecting >= CONNECTING_LIMIT) {
      this.#waiting.push(attempt);
      return;
    }
    this.#connecting++;
    attempt.start();
  }

  /** An attempt has ended. Where it failed, those that wait would fail as well, one after the other: they go elsewhere. */
  ended(error: ConnectError | undefined): void {
    this.#connecting--;
    if (error === undefined) {
      const next = this.#waiting.shift();
      if (next !== undefined) this.add(next);
      return;
    }
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const attempt of waiting) attempt.refused(error);
  }
}
