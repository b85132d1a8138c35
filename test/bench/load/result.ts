/** What a run of the load generator found. */

import type { Histogram } from "./histogram.ts";

/** An answer that takes longer is late, in microseconds. */
const LATE_US = 700;

/** Microseconds, from the instant a request was due to the end of its answer. */
export interface Latency {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
  readonly mean: number;
  /** The share of all (0 to 1) that took over 700 µs. */
  readonly late: number;
}

/** Requests of the measured time; those of the warm-up are not in it. */
export interface LoadResult {
  readonly seconds: number;
  /** Requests that were due. */
  readonly due: number;
  /** Answered with success, and a second. */
  readonly answered: number;
  readonly perSecond: number;
  /** Answered with an error, or lost with their connection. Nothing is sent twice. */
  readonly failed: number;
  /** What became of the first few of those, as far as the protocol tells: `12.3 s: status 502`. */
  readonly failures: readonly string[];
  /** Not answered when the run was over; they count in the latencies with the time they had waited. */
  readonly unanswered: number;
  /** Connections made, and those that the other side ended or refused. */
  readonly connections: number;
  readonly lost: number;
  readonly latencyUs: Latency;
}

/** What a histogram of microseconds says of latencies. */
export function latencyOf(histogram: Histogram): Latency {
  return {
    p50: histogram.quantile(0.5),
    p90: histogram.quantile(0.9),
    p99: histogram.quantile(0.99),
    p999: histogram.quantile(0.999),
    max: histogram.max,
    mean: Math.round(histogram.mean),
    late: histogram.above(LATE_US) / Math.max(histogram.count, 1),
  };
}
