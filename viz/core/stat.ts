/** Success rate, request rate and latency of a workload, out of two scrapes of each of its proxies. */

import type { Sample } from "#lib/metrics/parse.ts";

/** Two scrapes of one proxy; `seconds` between them, as the caller's clock has it. */
export type ScrapePair = {
  readonly first: readonly Sample[];
  readonly second: readonly Sample[];
  readonly seconds: number;
};

/** What a workload received between the scrapes. Undefined where nothing tells. */
export type Stat = {
  /** Requests a second. */
  readonly rps: number;
  /** Share of responses that were no failure, 0 to 1. */
  readonly success: number | undefined;
  /** Milliseconds. */
  readonly latencyMs: {
    readonly p50: number | undefined;
    readonly p95: number | undefined;
    readonly p99: number | undefined;
  };
  /** Share of responses over mTLS, 0 to 1; of connections where there was no response. */
  readonly secured: number | undefined;
  /** Open at the second scrape. */
  readonly tcpConnections: number;
  /** Bytes a second. */
  readonly readRate: number;
  readonly writeRate: number;
};

/** One series and how much it grew; `rate` is growth a second. */
type Growth = Sample & { readonly growth: number; readonly rate: number };

const FAMILIES: ReadonlySet<string> = new Set([
  "response_total",
  "response_latency_ms_bucket",
  "tcp_open_total",
  "tcp_open_connections",
  "tcp_read_bytes_total",
  "tcp_write_bytes_total",
]);

/** The statistics of all its proxies together. */
export function statOf(pairs: readonly ScrapePair[]): Stat {
  const grown = pairs.flatMap(growthOf);
  const of = (name: string): Growth[] => grown.filter((series) => series.name === name);
  const responses = of("response_total");
  const connections = of("tcp_open_total").filter(isFromClient);
  const buckets = of("response_latency_ms_bucket");
  const total = sum(responses);
  return {
    rps: sum(responses, "rate"),
    success: share(responses, ({ labels }) => labels["classification"] === "success"),
    latencyMs: {
      p50: quantile(buckets, 0.5),
      p95: quantile(buckets, 0.95),
      p99: quantile(buckets, 0.99),
    },
    secured: share(total > 0 ? responses : connections, ({ labels }) => labels["tls"] === "true"),
    tcpConnections: sum(of("tcp_open_connections").filter(isFromClient), "value"),
    readRate: sum(of("tcp_read_bytes_total").filter(isFromClient), "rate"),
    writeRate: sum(of("tcp_write_bytes_total").filter(isFromClient), "rate"),
  };
}

const isFromClient = ({ labels }: Sample): boolean => labels["peer"] === "src";

function sum(all: readonly Growth[], what: "growth" | "rate" | "value" = "growth"): number {
  return all.reduce((total, series) => total + series[what], 0);
}

function share(all: readonly Growth[], which: (series: Growth) => boolean): number | undefined {
  const total = sum(all);
  return total > 0 ? sum(all.filter(which)) / total : undefined;
}

/** A counter that is smaller than before started again from nothing; so did all of a process that started again. */
function growthOf(pair: ScrapePair): Growth[] {
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

function isRead({ name, labels }: Sample): boolean {
  return FAMILIES.has(name) && labels["direction"] === "inbound";
}

function keyOf({ name, labels }: Sample): string {
  const pairs = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([name, pairs]);
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
