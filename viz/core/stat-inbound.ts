/** What a workload received, by server and route, out of two scrapes of each of its proxies. */

import type { Sample } from "#lib/metrics/parse.ts";
import { groupBy } from "./groups.ts";
import {
  type Growth,
  growthOf,
  type Latency,
  latencyOf,
  type ScrapePair,
  successOf,
  sum,
} from "./growth.ts";
import type { Reads } from "./prometheus.ts";

/** One route of one server. */
export type InboundRoute = {
  /** A Server's name, or `[default]`. */
  readonly server: string;
  readonly port: string;
  /** Its name, or `[default]`. */
  readonly route: string;
  /** Its kind; empty for the default. */
  readonly routeType: string;
  /** Share of responses that were no failure, 0 to 1. */
  readonly success: number;
  /** Requests a second. */
  readonly rps: number;
  readonly latencyMs: Latency;
};

const RESPONSES = "response_total";
const LATENCY = "response_latency_ms_bucket";

/** What it is reckoned from. */
export const INBOUND_READS: Reads = {
  families: [RESPONSES, LATENCY],
  labels: [
    ...["direction", "srv_kind", "srv_name", "target_port"],
    ...["route_kind", "route_name", "classification"],
  ],
};

/** A row for each route that had responses between the scrapes. */
export function inboundRoutes(pairs: readonly ScrapePair[]): InboundRoute[] {
  const grown = pairs.flatMap((pair) => growthOf(pair, isRead));
  return groupBy(grown, keyOf).flatMap(({ key, series }) => {
    const responses = series.filter(({ name }) => name === RESPONSES);
    const success = successOf(responses);
    if (success === undefined) return [];
    const latencyMs = latencyOf(series.filter(({ name }) => name === LATENCY));
    return [{ ...key, success, rps: sum(responses, "rate"), latencyMs }];
  });
}

const isRead = ({ name, labels }: Sample): boolean =>
  (name === RESPONSES || name === LATENCY) && labels["direction"] === "inbound";

function keyOf({ labels }: Growth): Pick<InboundRoute, "server" | "port" | "route" | "routeType"> {
  const { srv_kind: kind, srv_name: server = "", target_port: port = "" } = labels;
  const { route_name: route = "", route_kind: routeType = "" } = labels;
  return {
    server: kind === "default" ? "[default]" : server,
    port,
    route: route === "default" ? "[default]" : route,
    routeType: routeType === "default" ? "" : routeType,
  };
}
