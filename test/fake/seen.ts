/** Values as a stream brings them, and endpoints played out of them. */

import type { EndpointUpdate } from "../../proxy/policy/client-policy.ts";

/** How long a value is waited for. */
const LIMIT_MS = 10_000;

/** Values as they come, and the way to wait for one. */
export class Seen<T> {
  readonly values: T[] = [];
  #wake: () => void = () => undefined;

  readonly push = (value: T): void => {
    this.values.push(value);
    this.#wake();
  };

  /** The first result that is not undefined, looked for at each value. */
  async until<R>(what: string, look: (values: readonly T[]) => R | undefined): Promise<R> {
    const deadline = AbortSignal.timeout(LIMIT_MS);
    for (;;) {
      const found = look(this.values);
      if (found !== undefined) return found;
      await new Promise<void>((resolve, reject) => {
        this.#wake = resolve;
        deadline.onabort = () =>
          reject(new Error(`Cannot see ${what}: ${JSON.stringify(this.values.at(-1))}`));
      });
    }
  }
}

/** Plays updates into a set of addresses. */
export function applied(updates: readonly EndpointUpdate[]): string[] {
  const set = new Set<string>();
  for (const update of updates)
    switch (update.type) {
      case "set":
        set.clear();
        for (const { addr } of update.endpoints) set.add(addr.ip);
        break;
      case "add":
        for (const { addr } of update.endpoints) set.add(addr.ip);
        break;
      case "remove":
        for (const { ip } of update.addrs) set.delete(ip);
        break;
      case "no-endpoints":
        set.clear();
    }
  return [...set].toSorted();
}

/** True where they are, else undefined. */
export const same = (a: readonly string[], b: readonly string[]): true | undefined =>
  a.join() === b.join() || undefined;
