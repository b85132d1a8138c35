/** Calls that a control plane keeps open, by what they ask for. */

import type { ServerCall } from "#lib/grpc/server.ts";

/** The open calls of one method. */
export class Streams {
  readonly #open = new Map<string, Set<ServerCall>>();

  add(key: string, call: ServerCall): void {
    const open = this.#open.get(key) ?? new Set();
    this.#open.set(key, open.add(call));
    call.onCancel = () => open.delete(call);
  }

  of(key: string): Iterable<ServerCall> {
    return this.#open.get(key) ?? [];
  }

  /** How many are open for what the key says, or for anything. */
  count(key?: string): number {
    const sets = key === undefined ? [...this.#open.values()] : [this.#open.get(key) ?? []];
    return sets.reduce((sum, calls) => sum + [...calls].length, 0);
  }

  /** Ends all of them with a status. */
  end(code: number): void {
    for (const calls of this.#open.values()) {
      for (const call of calls) call.end(code, "the script says so");
      calls.clear();
    }
  }
}
