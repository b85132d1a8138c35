/** Who was let in and who was not, by route, server and authorization, out of two scrapes of each proxy. */

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

/** What went by one authorization, or by none. */
export type AuthzRow = {
  readonly route: string;
  /** A Server's name, or `default:` and the default policy's. */
  readonly server: string;
  /** Kind and name; undefined for those that nobody let in. */
  readonly authorization: string | undefined;
  /** Requests a second that were refused. */
  readonly unauthorized: number;
  /** Share of responses that were no failure, 0 to 1; undefined without any. */
  readonly success: number | undefined;
  /** Requests a second that were let in. */
  readonly rps: number;
  readonly latencyMs: Latency;
};

const DENIED = "inbound_http_authz_deny_total";
const RESPONSES = "response_total";
const LATENCY = "response_latency_ms_bucket";
const FAMILIES: ReadonlySet<string> = new Set([DENIED, RESPONSES, LATENCY]);

/** A row for each combination that had requests between the scrapes, by route, server, authorization. */
export function authzOf(pairs: readonly ScrapePair[]): AuthzRow[] {
  const grown = pairs.flatMap((pair) => growthOf(pair, isRead));
  return groupBy(grown, namesOf).map(({ key, series }) => rowOf(key, series));
}

/** What is answered by the proxy's admin port, or counted of outbound, has no server. */
const isRead = ({ name, labels }: Sample): boolean =>
  FAMILIES.has(name) && labels["srv_name"] !== undefined;

function namesOf({ labels }: Sample): readonly [string, string, string] {
  const { srv_kind: kind, srv_name: name = "", route_name: route = "" } = labels;
  const { authz_kind: authzKind, authz_name: authzName } = labels;
  return [
    route,
    kind === "default" ? `default:${name}` : name,
    authzName === undefined ? "" : `${authzKind}/${authzName}`,
  ];
}

function rowOf(
  [route, server, authorization]: ReturnType<typeof namesOf>,
  series: readonly Growth[],
): AuthzRow {
  const of = (name: string): Growth[] => series.filter((each) => each.name === name);
  const responses = of(RESPONSES);
  const allowed = authorization !== "";
  return {
    ...{ route, server, authorization: allowed ? authorization : undefined },
    unauthorized: sum(of(DENIED), "rate"),
    success: allowed ? successOf(responses) : undefined,
    rps: allowed ? sum(responses, "rate") : 0,
    latencyMs: latencyOf(allowed ? of(LATENCY) : []),
  };
}
