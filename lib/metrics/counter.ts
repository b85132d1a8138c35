/** A number that only grows. */

/** One counter series; `add` is all the hot path does. */
export class Counter {
  value = 0;

  /** Adds one. */
  increment(): void {
    this.value += 1;
  }

  /** Adds `amount`, which must not be negative. */
  add(amount: number): void {
    this.value += amount;
  }
}
