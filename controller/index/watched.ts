/** Destinations that clients watch, told apart by the namespaces of the clients; kept as long as anyone does. */

import { isDeepStrictEqual } from "node:util";

/** Who asked from a namespace. */
export type Listening = { readonly listeners: Set<() => void> };

/** A destination, and who watches it. */
export type Watched<C extends Listening> = {
  /** By namespaces. */
  readonly clients: Map<string, C>;
  readonly stop: () => void;
};

/** Adds a listener of a client that is kept; when the last one leaves, the destination is let go of. */
export function listen<C extends Listening>(
  all: Map<string, Watched<C>>,
  at: {
    readonly id: string;
    readonly watched: Watched<C>;
    readonly client: string;
    readonly asked: C;
  },
  listener: () => void,
): () => void {
  const { id, watched, client, asked } = at;
  asked.listeners.add(listener);
  return () => {
    asked.listeners.delete(listener);
    if (asked.listeners.size > 0 || watched.clients.get(client) !== asked) return;
    watched.clients.delete(client);
    if (watched.clients.size > 0) return;
    watched.stop();
    if (all.get(id) === watched) all.delete(id);
  };
}

/** Wakes who listens where what holds is something else than before. */
export function wake({ listeners }: Listening, before: unknown, after: unknown): void {
  if (before === after || isDeepStrictEqual(before, after)) return;
  for (const listener of [...listeners]) listener();
}
