/** Time as an interface: whoever needs it is given a clock; `main.ts` passes the real one. */

/** A timer that can be called off. */
export interface Timer {
  cancel(): void;
}

/** Monotonic and calendar time, and waking later. */
export interface Clock {
  /** Monotonic milliseconds, with fractions; only differences mean anything. */
  now(): number;
  /** Calendar time in milliseconds since 1970. */
  wall(): number;
  /** Calls `wake` once after `ms` milliseconds, unless cancelled. */
  after(ms: number, wake: () => void): Timer;
}
