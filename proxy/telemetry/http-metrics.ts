/** Requests, responses and latency, as Linkerd's legacy families count them (MET1 to MET3). */

import type { Counter } from "#lib/metrics/counter.ts";
import type { Histogram } from "#lib/metrics/histogram.ts";
import { type Family, formatLabels, type Labels, type Registry } from "#lib/metrics/registry.ts";

/** Bounds of `response_latency_ms`. */
export const LATENCY_BOUNDS_MS: readonly number[] = [1, 10, 100, 1000, 10_000].flatMap((decade) =>
  decade === 1 ? [1, 2, 3, 4, 5] : [1, 2, 3, 4, 5].map((step) => step * decade),
);

/** What came of a request or a try of it. */
export interface Answer {
  /** 0 where there was no response. */
  readonly status: number;
  /** -1 where it is no gRPC response or the code was not seen. */
  readonly grpcStatus: number;
  readonly failed: boolean;
}

/** The same as one number: for counting, no object is made a request. */
export type Outcome = number;

/** Codes of gRPC and the -1 for none, by far. */
const CODES = 100_000;

/** What came of a request, as its counters take it. Statuses and codes may have up to five digits. */
export function outcomeOf({ status, grpcStatus, failed }: Answer): Outcome {
  return (status * CODES + grpcStatus + 1) * 2 + (failed ? 1 : 0);
}

/** The answer that became such a number. */
export function answerOf(outcome: Outcome): Answer {
  const numbers = Math.floor(outcome / 2);
  return {
    status: Math.floor(numbers / CODES),
    grpcStatus: (numbers % CODES) - 1,
    failed: outcome % 2 === 1,
  };
}

/** Of who never answered. */
export const NO_ANSWER: Outcome = outcomeOf({ status: 0, grpcStatus: -1, failed: true });

interface ResponseSeries {
  readonly responses: Counter;
  readonly latency: Histogram | undefined;
}

/** The families of one proxy. */
export class HttpMetrics {
  readonly requests: Family<Counter>;
  readonly responses: Family<Counter>;
  readonly latency: Family<Histogram> | undefined;

  /** `prefix` is what their names begin with. */
  constructor(
    registry: Registry,
    { prefix = "", latency = true }: { readonly prefix?: string; readonly latency?: boolean } = {},
  ) {
    const named = (name: string): string => `${prefix}${name}`;
    this.requests = registry.counter(named("request_total"), "Total count of HTTP requests.");
    this.responses = registry.counter(named("response_total"), "Total count of HTTP responses.");
    const help =
      "Elapsed times between a request's headers being received and its response stream completing";
    this.latency = latency
      ? registry.histogram(named("response_latency_ms"), { help, bounds: LATENCY_BOUNDS_MS })
      : undefined;
  }

  /** The counters of one label set: resolved once for a connection, route or endpoint. */
  scope(...labels: readonly Labels[]): HttpScope {
    return new HttpScope(
      this,
      labels
        .map(formatLabels)
        .filter((text) => text !== "")
        .join(","),
    );
  }
}

/** Counts requests of one label set; what a response adds is resolved at the first of its kind. */
export class HttpScope {
  readonly requests: Counter;
  /** Mostly the next response is as the last one, whose series these are. */
  #last: Outcome = -1;
  #responses: Counter | undefined;
  #latency: Histogram | undefined;
  readonly #metrics: HttpMetrics;
  readonly #labels: string;
  readonly #series = new Map<Outcome, ResponseSeries>();

  constructor(metrics: HttpMetrics, labels: string) {
    this.#metrics = metrics;
    this.#labels = labels;
    this.requests = metrics.requests.withText(labels);
  }

  /** Counts the end of a response, or of a request that got none, after so long. */
  end(outcome: Outcome, latencyMs: number): void {
    if (outcome !== this.#last) this.#find(outcome);
    if (this.#responses !== undefined) this.#responses.value += 1;
    this.#latency?.observe(latencyMs);
  }

  #find(outcome: Outcome): void {
    const { responses, latency } = this.#series.get(outcome) ?? this.#resolve(outcome);
    this.#last = outcome;
    this.#responses = responses;
    this.#latency = latency;
  }

  #resolve(outcome: Outcome): ResponseSeries {
    const { status, grpcStatus, failed } = answerOf(outcome);
    const statusCode = status === 0 ? {} : { status_code: String(status) };
    const responses = formatLabels({
      ...statusCode,
      classification: failed ? "failure" : "success",
      grpc_status: grpcStatus < 0 ? "" : String(grpcStatus),
      error: "",
    });
    const latency = formatLabels(statusCode);
    const series = {
      responses: this.#metrics.responses.withText(`${this.#labels},${responses}`),
      latency: this.#metrics.latency?.withText(
        latency === "" ? this.#labels : `${this.#labels},${latency}`,
      ),
    };
    this.#series.set(outcome, series);
    return series;
  }
}
