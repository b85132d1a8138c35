/** Keys that have something to be done about them, each at most once at a time, tried again with back-off. */

import type { Logger } from "#lib/log/logger.ts";
import { type Backoff, createBackoff } from "#lib/time/backoff.ts";
import type { Clock, Timer } from "#lib/time/clock.ts";

/** A queue that runs. */
export interface WorkQueue {
  /** Something about this key may have changed. */
  add(key: string): void;
  /** The same, later. */
  addAfter(key: string, ms: number): void;
  stop(): void;
}

/** Waits after failures, in milliseconds. */
const RETRY = { minMs: 20, maxMs: 5_000, jitter: 0.1 } as const;

/** Starts a queue; `reconcile` makes the world as the key's object wants it, whatever happened before. */
export function startWorkQueue(options: {
  readonly name: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
  readonly reconcile: (key: string) => Promise<void>;
}): WorkQueue {
  return new Queue(options);
}

class Queue implements WorkQueue {
  readonly #options: Parameters<typeof startWorkQueue>[0];
  readonly #running = new Set<string>();
  /** Keys that changed while they were worked on. */
  readonly #again = new Set<string>();
  readonly #backoffs = new Map<string, Backoff>();
  readonly #timers = new Set<Timer>();
  #stopped = false;

  constructor(options: Parameters<typeof startWorkQueue>[0]) {
    this.#options = options;
  }

  add(key: string): void {
    if (this.#stopped) return;
    if (this.#running.has(key)) {
      this.#again.add(key);
      return;
    }
    this.#running.add(key);
    void this.#run(key);
  }

  addAfter(key: string, ms: number): void {
    if (this.#stopped) return;
    const timer = this.#options.clock.after(ms, () => {
      this.#timers.delete(timer);
      this.add(key);
    });
    this.#timers.add(timer);
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  /** Never rejects: a failure is logged and tried again. */
  async #run(key: string): Promise<void> {
    const { name, logger, reconcile, random } = this.#options;
    // What came in one go is done in one go.
    await Promise.resolve();
    try {
      if (!this.#stopped) await reconcile(key);
      this.#backoffs.delete(key);
    } catch (error) {
      const backoff = this.#backoffs.get(key) ?? createBackoff({ ...RETRY, random });
      this.#backoffs.set(key, backoff);
      const told = error instanceof Error ? error.message : String(error);
      logger.debug("Cannot reconcile", { controller: name, key, error: told });
      this.addAfter(key, backoff.next());
    }
    this.#running.delete(key);
    if (this.#again.delete(key)) this.add(key);
  }
}
