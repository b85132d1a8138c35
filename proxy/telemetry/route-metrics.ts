/** Requests of outbound routes, and of their backends (MET22 to MET30). */

import type { Counter } from "#lib/metrics/counter.ts";
import type { Histogram } from "#lib/metrics/histogram.ts";
import { type Family, formatLabels, type Labels, type Registry } from "#lib/metrics/registry.ts";
import {
  EndingCounters,
  FRAME_BOUNDS,
  outboundEnding,
  type RequestSeries,
} from "./request-series.ts";

/** Bounds of a route's durations, in seconds (MET23). */
const REQUEST_BOUNDS = [0.05, 0.5, 1, 10];
/** Bounds of a backend's, which are finer (MET28). */
const RESPONSE_BOUNDS = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 10];

/** The families of one kind of route. */
export class RouteMetrics {
  readonly #kind: "http" | "grpc";
  readonly #durations: Family<Histogram>;
  readonly #statuses: Family<Counter>;
  readonly #frames: Family<Histogram>;
  readonly #backendRequests: Family<Counter>;
  readonly #backendDurations: Family<Histogram>;
  readonly #backendStatuses: Family<Counter>;
  readonly #backendFrames: Family<Histogram>;

  constructor(registry: Registry, kind: "http" | "grpc") {
    const name = `outbound_${kind}_route`;
    this.#kind = kind;
    this.#durations = registry.histogram(`${name}_request_duration_seconds`, {
      help: "The time between request initialization and response completion.",
      ...{ bounds: REQUEST_BOUNDS, unit: "seconds" },
    });
    this.#statuses = registry.counter(
      `${name}_request_statuses_total`,
      "Completed request-response streams.",
    );
    this.#frames = registry.histogram(`${name}_request_frame_size_bytes`, {
      help: "Request data frame sizes.",
      ...{ bounds: FRAME_BOUNDS, unit: "bytes" },
    });
    this.#backendRequests = registry.counter(
      `${name}_backend_requests_total`,
      "The total number of requests dispatched.",
    );
    this.#backendDurations = registry.histogram(`${name}_backend_response_duration_seconds`, {
      help: "The time between request completion and response completion.",
      ...{ bounds: RESPONSE_BOUNDS, unit: "seconds" },
    });
    this.#backendStatuses = registry.counter(
      `${name}_backend_response_statuses_total`,
      "Completed responses.",
    );
    this.#backendFrames = registry.histogram(`${name}_backend_response_frame_size_bytes`, {
      help: "Response data frame sizes.",
      ...{ bounds: FRAME_BOUNDS, unit: "bytes" },
    });
  }

  /** The series of a route's requests: parent, route and host name (LBL6). */
  route(...labels: readonly Labels[]): RequestSeries {
    const text = joinLabels(labels);
    return {
      requests: undefined,
      endings: this.#endings(this.#statuses, text),
      duration: this.#durations.withText(text),
      frames: this.#frames.withText(text),
    };
  }

  /** The series of what goes to one of its backends: parent, route and backend. */
  backend(...labels: readonly Labels[]): RequestSeries {
    const text = joinLabels(labels);
    return {
      requests: this.#backendRequests.withText(text),
      endings: this.#endings(this.#backendStatuses, text),
      duration: this.#backendDurations.withText(text),
      frames: this.#backendFrames.withText(text),
    };
  }

  #endings(family: Family<Counter>, labels: string): EndingCounters {
    return new EndingCounters(family, { kind: this.#kind, labels, write: outboundEnding });
  }
}

const joinLabels = (labels: readonly Labels[]): string => labels.map(formatLabels).join(",");

/** The families of both kinds of route. */
export interface RouteFamilies {
  readonly http: RouteMetrics;
  readonly grpc: RouteMetrics;
}

/** Those of a proxy. */
export function routeFamilies(registry: Registry): RouteFamilies {
  return { http: new RouteMetrics(registry, "http"), grpc: new RouteMetrics(registry, "grpc") };
}
