/** What went by a Server, a route or an authorization, out of two scrapes of each proxy. */

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

/** Which object: the labels that metrics have for its kind and its name begin with this. */
export type PolicyObject = {
  readonly prefix: "srv" | "route" | "authz";
  readonly kind: string;
  readonly name: string;
};

/** What went by it. */
export type PolicyStat = {
  /** Requests a second that were refused. */
  readonly unauthorized: number;
  /** Share of responses that were no failure, 0 to 1; undefined without any. */
  readonly success: number | undefined;
  /** Requests a second. */
  readonly rps: number;
  readonly latencyMs: Latency;
  /** Open at the second scrape. */
  readonly tcpConnections: number;
  /** Bytes a second. */
  readonly readRate: number;
  readonly writeRate: number;
};

const FAMILIES: ReadonlySet<string> = new Set([
  ...["response_total", "response_latency_ms_bucket", "inbound_http_authz_deny_total"],
  ...["tcp_open_connections", "tcp_read_bytes_total", "tcp_write_bytes_total"],
]);

/** What went by an object. */
export function policyStat(pairs: readonly ScrapePair[], object: PolicyObject): PolicyStat {
  return statOf(grownOf(pairs, object));
}

/** The same of a route for each Server that it belongs to, by the Server's name; only of those that had requests. */
export function policyStatByServer(
  pairs: readonly ScrapePair[],
  object: PolicyObject,
): readonly { readonly server: string; readonly stat: PolicyStat }[] {
  const groups = groupBy(grownOf(pairs, object), ({ labels }) => labels["srv_name"] ?? "");
  return groups.map(({ key, series }) => ({ server: key, stat: statOf(series) }));
}

function grownOf(pairs: readonly ScrapePair[], { prefix, kind, name }: PolicyObject): Growth[] {
  const isRead = (sample: Sample): boolean =>
    FAMILIES.has(sample.name) &&
    sample.labels[`${prefix}_name`] === name &&
    sample.labels[`${prefix}_kind`]?.toLowerCase() === kind &&
    isInbound(sample);
  return pairs.flatMap((pair) => growthOf(pair, isRead));
}

/** Families of authorization say no direction: there is but one. */
function isInbound({ labels }: Sample): boolean {
  const { direction = "inbound", peer = "src" } = labels;
  return direction === "inbound" && peer === "src";
}

function statOf(series: readonly Growth[]): PolicyStat {
  const of = (name: string): Growth[] => series.filter((each) => each.name === name);
  const responses = of("response_total");
  return {
    unauthorized: sum(of("inbound_http_authz_deny_total"), "rate"),
    success: successOf(responses),
    rps: sum(responses, "rate"),
    latencyMs: latencyOf(of("response_latency_ms_bucket")),
    tcpConnections: sum(of("tcp_open_connections"), "value"),
    readRate: sum(of("tcp_read_bytes_total"), "rate"),
    writeRate: sum(of("tcp_write_bytes_total"), "rate"),
  };
}
