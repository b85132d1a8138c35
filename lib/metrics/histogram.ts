/** Observations counted in buckets with fixed upper bounds. */

/** One histogram series. */
export class Histogram {
  /** Upper bounds in rising order, without +Inf. */
  readonly bounds: readonly number[];
  /** Observations of each bucket alone (not cumulative); the last one is +Inf. */
  readonly counts: Float64Array;
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  /** Counts one observation, in the unit of the bounds. */
  observe(value: number): void {
    const { bounds, counts } = this;
    let bucket = 0;
    while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket++;
    counts[bucket] = (counts[bucket] as number) + 1;
    this.sum += value;
  }

  /** How many observations there were. */
  get count(): number {
    let total = 0;
    for (const each of this.counts) total += each;
    return total;
  }
}
