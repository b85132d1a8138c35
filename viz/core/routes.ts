/** Requests by the routes of ServiceProfiles, out of two scrapes of each proxy. */

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

/** Requests of a route, or tries. */
export type RouteRate = {
  /** Share of responses that were no failure, 0 to 1; undefined without any. */
  readonly success: number | undefined;
  /** A second. */
  readonly rps: number;
};

/** One route of one Service. */
export type ProfileRouteRow = {
  /** The Service's name. */
  readonly service: string;
  /** Its name; `[DEFAULT]`: what none of the routes takes. */
  readonly route: string;
  /** As clients see them. */
  readonly effective: RouteRate;
  /** With all tries; of what is received there are none but those. */
  readonly actual: RouteRate;
  readonly latencyMs: Latency;
};

/** A route that has a row also where nothing went by it. */
export type KnownRoute = Pick<ProfileRouteRow, "service" | "route">;

/** What none of a profile's routes takes. */
export const DEFAULT_ROUTE = "[DEFAULT]";

const EFFECTIVE = "route_response_total";
const ACTUAL = "route_actual_response_total";
const LATENCY = "route_response_latency_ms_bucket";
const FAMILIES: ReadonlySet<string> = new Set([EFFECTIVE, ACTUAL, LATENCY]);

/** A row for each known route, and for each other one that had responses; by Service and route. */
export function profileRoutes(
  pairs: readonly ScrapePair[],
  {
    direction,
    known,
    isWanted = () => true,
  }: {
    readonly direction: "inbound" | "outbound";
    readonly known: readonly KnownRoute[];
    /** Whether requests to a host (`web.ns.svc.cluster.local`) count. */
    readonly isWanted?: (host: string) => boolean;
  },
): ProfileRouteRow[] {
  const isRead = ({ name, labels }: Sample): boolean =>
    FAMILIES.has(name) && labels["direction"] === direction && isWanted(hostOf(labels["dst"]));
  const grown = pairs.flatMap((pair) => growthOf(pair, isRead));
  const rows = groupBy(grown, keyOf).map(({ key, series }) => rowOf(key, series));
  const missing = known.filter(
    (each) => !rows.some((row) => row.service === each.service && row.route === each.route),
  );
  const all = [...rows, ...missing.map((each) => rowOf(each, []))];
  return all.sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
}

/** What none of the routes takes is the last of its Service. */
const placeOf = ({ service, route }: KnownRoute): string =>
  `${service} ${route === DEFAULT_ROUTE ? 1 : 0} ${route}`;

function rowOf(key: KnownRoute, series: readonly Growth[]): ProfileRouteRow {
  const rateOf = (family: string): RouteRate => {
    const responses = series.filter(({ name }) => name === family);
    const success = successOf(responses);
    return { success, rps: sum(responses, "rate") };
  };
  const latencyMs = latencyOf(series.filter(({ name }) => name === LATENCY));
  return { ...key, effective: rateOf(EFFECTIVE), actual: rateOf(ACTUAL), latencyMs };
}

const hostOf = (dst: string | undefined): string => (dst ?? "").replace(/:\d+$/, "");

function keyOf({ labels }: Growth): KnownRoute {
  const [service = ""] = hostOf(labels["dst"]).split(".");
  return { service, route: labels["rt_route"] ?? DEFAULT_ROUTE };
}
