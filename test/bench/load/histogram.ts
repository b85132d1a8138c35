/** A log-linear histogram of latencies, as HdrHistogram: three significant digits, whatever the size. */

/** Values below this are counted exactly, those above in steps of their size / 1024. */
const EXACT = 2048;
const HALF = EXACT / 2;
/** Largest value that is told from larger ones: 2^32 - 1 µs, over an hour. */
const MAX_VALUE = 2 ** 32 - 1;
const BUCKETS: number = EXACT + 21 * HALF;

/** Counts whole microseconds. */
export class Histogram {
  readonly #counts = new Float64Array(BUCKETS);
  #count = 0;
  #sum = 0;
  #max = 0;

  get count(): number {
    return this.#count;
  }

  /** The largest value, exactly. */
  get max(): number {
    return this.#max;
  }

  get mean(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count;
  }

  record(microseconds: number): void {
    const value = Math.min(Math.max(Math.round(microseconds), 0), MAX_VALUE);
    const bucket = bucketOf(value);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#count += 1;
    this.#sum += value;
    if (value > this.#max) this.#max = value;
  }

  /** The value that this share of all (0 to 1) does not exceed; 0 without any. */
  quantile(share: number): number {
    const rank = Math.max(1, Math.ceil(share * this.#count));
    let seen = 0;
    for (let bucket = 0; bucket < BUCKETS && this.#count > 0; bucket++) {
      seen += this.#counts[bucket] ?? 0;
      if (seen >= rank) return Math.min(highestOf(bucket), this.#max);
    }
    return 0;
  }

  /** How many values are above this one, to the histogram's precision. */
  above(microseconds: number): number {
    let count = 0;
    for (let bucket = bucketOf(microseconds) + 1; bucket < BUCKETS; bucket++)
      count += this.#counts[bucket] ?? 0;
    return count;
  }

  clear(): void {
    this.#counts.fill(0);
    this.#count = 0;
    this.#sum = 0;
    this.#max = 0;
  }
}

function bucketOf(value: number): number {
  if (value < EXACT) return value;
  const shift = 21 - Math.clz32(value);
  return EXACT + (shift - 1) * HALF + (value >>> shift) - HALF;
}

/** The largest value of a bucket. */
function highestOf(bucket: number): number {
  if (bucket < EXACT) return bucket;
  const shift = Math.floor((bucket - EXACT) / HALF) + 1;
  const within = ((bucket - EXACT) % HALF) + HALF;
  return (within + 1) * 2 ** shift - 1;
}
