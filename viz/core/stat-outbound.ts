/** What a workload asked for, by Service, route and backend, out of two scrapes of each of its proxies. */

import type { Sample } from "#lib/metrics/parse.ts";
import { groupBy } from "./groups.ts";
import {
  type Growth,
  growthOf,
  type Latency,
  latencyOf,
  type ScrapePair,
  share,
  sum,
} from "./growth.ts";
import type { Reads } from "./prometheus.ts";

/** Requests that went one way. */
export type OutboundFigures = {
  /** Share of requests that did not fail, 0 to 1. */
  readonly success: number;
  /** Requests a second. */
  readonly rps: number;
  readonly latencyMs: Latency;
  /** Share of requests that were not answered in time, 0 to 1. */
  readonly timeouts: number;
};

/** Those of a route that went to one of its backends, each try for itself. */
export type OutboundBackend = OutboundFigures & {
  readonly backend: string;
  readonly backendPort: string;
};

/** Those of a route, with all their tries. */
export type OutboundRoute = OutboundFigures & {
  /** A Service's name, or what else the route belongs to. */
  readonly service: string;
  readonly port: string;
  /** Its name, or `[default]`. */
  readonly route: string;
  /** Its kind; empty for the default. */
  readonly routeType: string;
  /** Share of tries that were retries, 0 to 1. */
  readonly retries: number;
  readonly backends: readonly OutboundBackend[];
};

const FAMILIES = ["http", "grpc"].flatMap((protocol) =>
  [
    "request_statuses_total",
    "request_duration_seconds_bucket",
    "retry_requests_total",
    "backend_response_statuses_total",
    "backend_response_duration_seconds_bucket",
  ].map((name) => `outbound_${protocol}_route_${name}`),
);

/** What it is reckoned from. */
export const OUTBOUND_READS: Reads = {
  families: FAMILIES,
  labels: [
    ...["parent_name", "parent_port", "route_kind", "route_name"],
    ...["backend_name", "backend_port", "http_status", "grpc_status", "error"],
  ],
};

const TIMEOUTS: ReadonlySet<string | undefined> = new Set([
  "RESPONSE_HEADERS_TIMEOUT",
  "REQUEST_TIMEOUT",
]);

/** A row for each route that had requests between the scrapes. */
export function outboundRoutes(pairs: readonly ScrapePair[]): OutboundRoute[] {
  const grown = pairs.flatMap((pair) => growthOf(pair, isRead));
  return groupBy(grown, keyOf).flatMap(({ key, series }) => {
    const figures = figuresOf(series, "request_statuses_total", "request_duration");
    if (figures === undefined) return [];
    const retried = sum(named(series, "route_retry_requests_total"));
    const requests = sum(named(series, "route_request_statuses_total"));
    const ofBackends = series.filter(({ labels }) => labels["backend_name"] !== undefined);
    const backends = groupBy(ofBackends, backendOf).flatMap((group): OutboundBackend[] => {
      const own = figuresOf(
        group.series,
        "backend_response_statuses_total",
        "backend_response_duration",
      );
      return own === undefined ? [] : [{ ...group.key, ...own }];
    });
    return [{ ...key, ...figures, retries: retried / (requests + retried), backends }];
  });
}

const isRead = ({ name }: Sample): boolean => FAMILIES.includes(name);

const named = (series: readonly Growth[], part: string): Growth[] =>
  series.filter(({ name }) => name.includes(part));

/** Undefined where nothing ended. */
function figuresOf(
  series: readonly Growth[],
  statuses: string,
  durations: string,
): OutboundFigures | undefined {
  const ended = named(series, `route_${statuses}`);
  const success = share(ended, (each) => !isFailure(each));
  if (success === undefined) return undefined;
  return {
    success,
    rps: sum(ended, "rate"),
    latencyMs: inMs(latencyOf(named(series, `route_${durations}`))),
    timeouts: share(ended, ({ labels }) => TIMEOUTS.has(labels["error"])) ?? 0,
  };
}

function isFailure({ labels }: Growth): boolean {
  const { http_status: status, grpc_status: code, error = "" } = labels;
  return error !== "" || (code === undefined ? status?.startsWith("5") === true : code !== "OK");
}

function inMs({ p50, p95, p99 }: Latency): Latency {
  const ms = (seconds: number | undefined): number | undefined =>
    seconds === undefined ? undefined : seconds * 1000;
  return { p50: ms(p50), p95: ms(p95), p99: ms(p99) };
}

function keyOf({
  labels,
}: Growth): Pick<OutboundRoute, "service" | "port" | "route" | "routeType"> {
  const { parent_name: service = "", parent_port: port = "" } = labels;
  const { route_name: route = "", route_kind: routeType = "" } = labels;
  const isDefault = routeType === "default";
  return {
    ...{ service, port },
    route: isDefault || route === "default" ? "[default]" : route,
    routeType: isDefault ? "" : routeType,
  };
}

const backendOf = ({ labels }: Growth): Pick<OutboundBackend, "backend" | "backendPort"> => ({
  backend: labels["backend_name"] ?? "",
  backendPort: labels["backend_port"] ?? "",
});
