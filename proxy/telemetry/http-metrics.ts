/** Requests, responses and latency, as Linkerd's legacy families count them (MET1 to MET3). */

import type { Counter } from "#lib/metrics/counter.ts";
import type { Histogram } from "#lib/metrics/histogram.ts";
import { type Family, formatLabels, type Labels, type Registry } from "#lib/metrics/registry.ts";

/** Bounds of `response_latency_ms`. */
export const LATENCY_BOUNDS_MS: readonly number[] = [1, 10, 100, 1000, 10_000].flatMap((decade) =>
  decade === 1 ? [1, 2, 3, 4, 5] : [1, 2, 3, 4, 5].map((step) => step * decade),
);

/** How a response ended, for its counters. */
export interface Outcome {
  /** 0 where there was no response. */
  readonly status: number;
  /** -1 where it is no gRPC response or the code was not seen. */
  readonly grpcStatus: number;
  readonly failed: boolean;
  readonly latencyMs: number;
}

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
  #lastKey = -1;
  #responses: Counter | undefined;
  #latency: Histogram | undefined;
  readonly #metrics: HttpMetrics;
  readonly #labels: string;
  /** By status and gRPC status, as one number. */
  readonly #series = new Map<number, ResponseSeries>();

  constructor(metrics: HttpMetrics, labels: string) {
    this.#metrics = metrics;
    this.#labels = labels;
    this.requests = metrics.requests.withText(labels);
  }

  /** Counts the end of a response, or of a request that got none. */
  end(outcome: Outcome): void {
    const key = (outcome.status * 100_000 + outcome.grpcStatus + 1) * 2 + (outcome.failed ? 1 : 0);
    if (key !== this.#lastKey) this.#find(key, outcome);
    if (this.#responses !== undefined) this.#responses.value += 1;
    this.#latency?.observe(outcome.latencyMs);
  }

  #find(key: number, outcome: Outcome): void {
    const { responses, latency } = this.#series.get(key) ?? this.#resolve(key, outcome);
    this.#lastKey = key;
    this.#responses = responses;
    this.#latency = latency;
  }

  #resolve(key: number, { status, grpcStatus, failed }: Outcome): ResponseSeries {
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
    this.#series.set(key, series);
    return series;
  }
}
