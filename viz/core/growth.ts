/** How much counters grew between two scrapes of a proxy, and what is reckoned from that. */

import type { Sample } from "#lib/metrics/parse.ts";

/** Two scrapes of one proxy; `seconds` between them, as the caller's clock has it. */
export type ScrapePair = {
  readonly first: readonly Sample[];
  readonly second: readonly Sample[];
  readonly seconds: number;
};

/** One series and how much it grew; `rate` is growth a second. */
export type Growth = Sample & { readonly growth: number; readonly rate: number };

/** The sum of what they grew by, or of another of their figures. */
export function sum(all: readonly Growth[], what: "growth" | "rate" | "value" = "growth"): number {
  return all.reduce((total, series) => total + series[what], 0);
}

/** Which part of all growth is that of some, 0 to 1; undefined where nothing grew. */
export function share(
  all: readonly Growth[],
  which: (series: Growth) => boolean,
): number | undefined {
  const total = sum(all);
  return total > 0 ? sum(all.filter(which)) / total : undefined;
}

/** Which part of responses was no failure, as proxies classify them; undefined without any. */
export const successOf = (responses: readonly Growth[]): number | undefined =>
  share(responses, ({ labels }) => labels["classification"] === "success");

/**
 * The growth of the series that are read. A counter that is smaller than before started again from nothing; so did all
 * of a process that started again.
 */
export function growthOf(pair: ScrapePair, isRead: (sample: Sample) => boolean): Growth[] {
  const before = new Map(pair.first.filter(isRead).map((sample) => [keyOf(sample), sample.value]));
  const restarted = hasRestarted(pair);
  const seconds = secondsOf(pair);
  return pair.second.filter(isRead).map((sample) => {
    const base = restarted ? 0 : (before.get(keyOf(sample)) ?? 0);
    const growth = sample.value >= base ? sample.value - base : sample.value;
    return { ...sample, growth, rate: seconds > 0 ? growth / seconds : 0 };
  });
}

const STARTED = "process_start_time_seconds";
const CLOCK = "process_clock_time_seconds";

/** Start times are rounded by whoever tells them; a restart takes longer than that. */
const SAME_START_SECONDS = 0.5;

function hasRestarted({ first, second }: ScrapePair): boolean {
  const moved = (valueIn(second, STARTED) ?? 0) - (valueIn(first, STARTED) ?? 0);
  return Math.abs(moved) > SAME_START_SECONDS;
}

/** The proxy's own clock is the better one: it knows nothing of the way in between. */
function secondsOf({ first, second, seconds }: ScrapePair): number {
  const own = (valueIn(second, CLOCK) ?? Number.NaN) - (valueIn(first, CLOCK) ?? Number.NaN);
  return own > 0 ? own : seconds;
}

function valueIn(samples: readonly Sample[], name: string): number | undefined {
  return samples.find((sample) => sample.name === name)?.value;
}

function keyOf({ name, labels }: Sample): string {
  const pairs = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([name, pairs]);
}

/** Quantiles in milliseconds; undefined where nothing was observed. */
export type Latency = {
  readonly p50: number | undefined;
  readonly p95: number | undefined;
  readonly p99: number | undefined;
};

/** The quantiles of a histogram's buckets. */
export function latencyOf(buckets: readonly Growth[]): Latency {
  return {
    p50: quantile(buckets, 0.5),
    p95: quantile(buckets, 0.95),
    p99: quantile(buckets, 0.99),
  };
}

/** Where the given share of observations ends, interpolated within its bucket as Prometheus does; undefined without any. */
function quantile(series: readonly Growth[], share: number): number | undefined {
  const counts = new Map<number, number>();
  for (const { labels, growth } of series) {
    const bound = labels["le"] === "+Inf" ? Number.POSITIVE_INFINITY : Number(labels["le"]);
    counts.set(bound, (counts.get(bound) ?? 0) + growth);
  }
  const buckets = [...counts].sort(([a], [b]) => a - b);
  const rank = share * (buckets.at(-1)?.[1] ?? 0);
  if (rank <= 0) return undefined;
  let low = 0;
  let below = 0;
  for (const [bound, count] of buckets) {
    if (count >= rank && count > below)
      return Number.isFinite(bound)
        ? low + ((bound - low) * (rank - below)) / (count - below)
        : low;
    low = bound;
    below = count;
  }
  return low;
}
