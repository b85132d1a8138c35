/** Exponential back-off with jitter, as Linkerd's `exp-backoff`. */

/** The waits between tries, growing from `minMs` to `maxMs`. */
export interface Backoff {
  /** The next wait in milliseconds. */
  next(): number;
  /** Starts again at the shortest wait. */
  reset(): void;
}

/** Limits of the waits; each is lengthened by up to `jitter` (a ratio) of itself, not beyond the longest; `random` gives 0 to 1. */
export interface BackoffOptions {
  readonly minMs: number;
  readonly maxMs: number;
  readonly jitter: number;
  readonly random: () => number;
}

/** Creates a back-off that doubles from try to try. */
export function createBackoff({ minMs, maxMs, jitter, random }: BackoffOptions): Backoff {
  let base = minMs;
  return {
    next: () => {
      const wait = base * (1 + jitter * random());
      base = Math.min(base * 2, maxMs);
      return Math.min(wait, maxMs);
    },
    reset: () => {
      base = minMs;
    },
  };
}
