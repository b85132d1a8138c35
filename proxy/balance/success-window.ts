/** How many of the answers of the last while were good, exactly. */

/** The window moves by so many parts of it. */
const BUCKETS = 10;

/** Counts of a window that moves with time; whoever records keeps it moving. */
export class SuccessWindow {
  readonly #bucketMs: number;
  readonly #successes: number[] = new Array<number>(BUCKETS).fill(0);
  readonly #totals: number[] = new Array<number>(BUCKETS).fill(0);
  #startMs: number;
  #bucket = 0;

  /** Of at least 10 ms. */
  constructor(windowMs: number, nowMs: number) {
    this.#bucketMs = Math.max(windowMs, BUCKETS) / BUCKETS;
    this.#startMs = nowMs;
  }

  get successes(): number {
    return sum(this.#successes);
  }

  get total(): number {
    return sum(this.#totals);
  }

  record(success: boolean, nowMs: number): void {
    const bucket = Math.floor((nowMs - this.#startMs) / this.#bucketMs);
    for (
      let passed = Math.max(this.#bucket + 1, bucket - BUCKETS + 1);
      passed <= bucket;
      passed++
    ) {
      this.#successes[passed % BUCKETS] = 0;
      this.#totals[passed % BUCKETS] = 0;
    }
    this.#bucket = Math.max(this.#bucket, bucket);
    const at = this.#bucket % BUCKETS;
    this.#totals[at] = (this.#totals[at] ?? 0) + 1;
    if (success) this.#successes[at] = (this.#successes[at] ?? 0) + 1;
  }

  /** Forgets all. */
  reset(nowMs: number): void {
    this.#successes.fill(0);
    this.#totals.fill(0);
    this.#startMs = nowMs;
    this.#bucket = 0;
  }
}

function sum(counts: readonly number[]): number {
  let total = 0;
  for (const count of counts) total += count;
  return total;
}
