/** The connections of a server, which end together: no more requests, time for those under way, and then no more. */

import type { Clock } from "#lib/time/clock.ts";
import type { ServerConnection } from "./exchange.ts";

/** Milliseconds: connections that are not gone so long after they were told are broken off. */
export const DRAIN_LIMIT_MS: number = 10_000;

/** What can be ended, in order or at once. */
export type Endable = Pick<ServerConnection, "drain" | "destroy">;

/** Those that are open. */
export class Connections {
  readonly #open = new Set<Endable>();
  #onEmpty: () => void = () => undefined;

  add(connection: Endable): void {
    this.#open.add(connection);
  }

  /** It is gone; again is no harm. */
  delete(connection: Endable): void {
    this.#open.delete(connection);
    if (this.#open.size === 0) this.#onEmpty();
  }

  /** Tells all of them, before it returns, and settles when they are gone or broken off. */
  async drain(clock: Clock): Promise<void> {
    for (const connection of [...this.#open]) connection.drain();
    if (this.#open.size === 0) return;
    const emptied = Promise.withResolvers<void>();
    this.#onEmpty = emptied.resolve;
    const limit = clock.after(DRAIN_LIMIT_MS, () => {
      for (const connection of [...this.#open]) connection.destroy();
      emptied.resolve();
    });
    await emptied.promise;
    limit.cancel();
  }
}
