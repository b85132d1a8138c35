/** The end of connections in order (P57): no more requests, and time for those under way. */

import type { ServerConnection } from "#lib/http-io/exchange.ts";
import type { Clock } from "#lib/time/clock.ts";

/** Milliseconds between looks at what is left. */
const LOOK_MS = 20;

/**
 * Tells all of them that they end, and resolves when they and the `relays`, which nobody can be told of, have, or
 * `graceMs` are over. Some come late: accepted before, it was not yet known what they speak.
 */
export async function drainConnections(
  connections: ReadonlySet<ServerConnection>,
  {
    clock,
    graceMs,
    relays,
  }: {
    readonly clock: Clock;
    readonly graceMs: number;
    readonly relays: { readonly size: number };
  },
): Promise<void> {
  const told = new WeakSet<ServerConnection>();
  const tell = (): void => {
    for (const connection of [...connections])
      if (!told.has(connection)) {
        told.add(connection);
        connection.drain();
      }
  };
  const deadline = clock.now() + graceMs;
  tell();
  while (connections.size + relays.size > 0 && clock.now() < deadline) {
    await new Promise<void>((resolve) => {
      clock.after(LOOK_MS, resolve);
    });
    tell();
  }
}
