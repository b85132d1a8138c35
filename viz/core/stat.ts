/** Success rate, request rate and latency of a workload, out of two scrapes of each of its proxies. */

import type { Sample } from "#lib/metrics/parse.ts";
import {
  type Growth,
  growthOf,
  type Latency,
  latencyOf,
  type ScrapePair,
  share,
  sum,
} from "./growth.ts";

/** What a workload received between the scrapes. Undefined where nothing tells. */
export type Stat = {
  /** Requests a second. */
  readonly rps: number;
  /** Share of responses that were no failure, 0 to 1. */
  readonly success: number | undefined;
  readonly latencyMs: Latency;
  /** Share of responses over mTLS, 0 to 1; of connections where there was no response. */
  readonly secured: number | undefined;
  /** Open at the second scrape. */
  readonly tcpConnections: number;
  /** Bytes a second. */
  readonly readRate: number;
  readonly writeRate: number;
};

const FAMILIES: ReadonlySet<string> = new Set([
  "response_total",
  "response_latency_ms_bucket",
  "tcp_open_total",
  "tcp_open_connections",
  "tcp_read_bytes_total",
  "tcp_write_bytes_total",
]);

/** The statistics of all its proxies together. */
export function statOf(pairs: readonly ScrapePair[]): Stat {
  const grown = pairs.flatMap((pair) => growthOf(pair, isRead));
  const of = (name: string): Growth[] => grown.filter((series) => series.name === name);
  const responses = of("response_total");
  const connections = of("tcp_open_total").filter(isFromClient);
  const buckets = of("response_latency_ms_bucket");
  const total = sum(responses);
  return {
    rps: sum(responses, "rate"),
    success: share(responses, ({ labels }) => labels["classification"] === "success"),
    latencyMs: latencyOf(buckets),
    secured: share(total > 0 ? responses : connections, ({ labels }) => labels["tls"] === "true"),
    tcpConnections: sum(of("tcp_open_connections").filter(isFromClient), "value"),
    readRate: sum(of("tcp_read_bytes_total").filter(isFromClient), "rate"),
    writeRate: sum(of("tcp_write_bytes_total").filter(isFromClient), "rate"),
  };
}

/** Where proxies are asked for their metrics and readiness. */
const ADMIN_PORT = "4191";

const isFromClient = ({ labels }: Sample): boolean => labels["peer"] === "src";

/** What is asked of the proxy itself, as its metrics, is no matter of the application's. */
function isRead({ name, labels }: Sample): boolean {
  const isInbound = FAMILIES.has(name) && labels["direction"] === "inbound";
  return isInbound && labels["target_port"] !== ADMIN_PORT;
}
