/** The families that only inbound counts in: requests of a server's routes (MET14 to MET19), and its connections. */

import type { Counter } from "#lib/metrics/counter.ts";
import type { Histogram } from "#lib/metrics/histogram.ts";
import { type Family, formatLabels, type Labels, type Registry } from "#lib/metrics/registry.ts";
import { DetectMetrics } from "./detect-metrics.ts";
import { ProfileMetrics } from "./profile-metrics.ts";
import {
  EndingCounters,
  FRAME_BOUNDS,
  inboundEnding,
  type RequestSeries,
} from "./request-series.ts";

/** Bounds of requests' durations, in seconds (MET17). */
const REQUEST_BOUNDS = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 10];
/** Bounds of answers' (MET18). */
const RESPONSE_BOUNDS = [0.05, 0.5, 1, 10];

/** The series of one route: of requests with their bodies, and of what the application answers. */
export interface InboundSeries {
  readonly whole: RequestSeries;
  readonly part: RequestSeries;
}

/** The families of servers of one kind. */
export class ServerMetrics {
  readonly #kind: "http" | "grpc";
  readonly #requests: Family<Counter>;
  readonly #statuses: Family<Counter>;
  readonly #requestDurations: Family<Histogram>;
  readonly #responseDurations: Family<Histogram>;
  readonly #requestFrames: Family<Histogram>;
  readonly #responseFrames: Family<Histogram>;

  constructor(registry: Registry, kind: "http" | "grpc") {
    this.#kind = kind;
    const name = `inbound_${kind}`;
    const durations = (what: string, from: string, bounds: readonly number[]): Family<Histogram> =>
      registry.histogram(`${name}_${what}_duration_seconds`, {
        help: `The time between request ${from} and response completion.`,
        ...{ bounds, unit: "seconds" },
      });
    const frames = (what: string, help: string): Family<Histogram> =>
      registry.histogram(`${name}_${what}_frame_size_bytes`, {
        ...{ help, bounds: FRAME_BOUNDS, unit: "bytes" },
      });
    this.#requests = registry.counter(
      `${name}_requests_total`,
      "The total number of requests dispatched.",
    );
    this.#statuses = registry.counter(
      `${name}_statuses_total`,
      `Completed ${kind === "http" ? "HTTP" : "gRPC"} responses.`,
    );
    this.#requestDurations = durations("request", "initialization", REQUEST_BOUNDS);
    this.#responseDurations = durations("response", "completion", RESPONSE_BOUNDS);
    this.#requestFrames = frames("request", "Request data frame sizes.");
    this.#responseFrames = frames("response", "Response data frame sizes.");
  }

  /** The series of one server's route (LBL7). */
  of(labels: Labels): InboundSeries {
    const text = formatLabels(labels);
    const how = { kind: this.#kind, labels: text, write: inboundEnding };
    return {
      whole: {
        requests: undefined,
        endings: new EndingCounters(this.#statuses, how),
        duration: this.#requestDurations.withText(text),
        frames: this.#requestFrames.withText(text),
      },
      part: {
        requests: this.#requests.withText(text),
        endings: undefined,
        duration: this.#responseDurations.withText(text),
        frames: this.#responseFrames.withText(text),
      },
    };
  }
}

/** Those of a proxy. */
export interface InboundFamilies {
  readonly http: ServerMetrics;
  readonly grpc: ServerMetrics;
  readonly detect: DetectMetrics;
  readonly profiles: ProfileMetrics;
  /** Connections that came with a transport header (MET21). */
  readonly headers: Family<Counter>;
}

/** Makes them. */
export function inboundFamilies(registry: Registry): InboundFamilies {
  return {
    http: new ServerMetrics(registry, "http"),
    grpc: new ServerMetrics(registry, "grpc"),
    detect: new DetectMetrics(registry, "inbound"),
    profiles: new ProfileMetrics(registry),
    headers: registry.counter(
      "inbound_tcp_transport_header_connections_total",
      "TCP connections with transport headers.",
    ),
  };
}
