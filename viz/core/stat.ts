/** Success rate, request rate and latency of a workload, out of two scrapes of each of its proxies. */

import type { Sample } from "#lib/metrics/parse.ts";
import {
  type Growth,
  growthOf,
  type Latency,
  latencyOf,
  type ScrapePair,
  share,
  successOf,
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

/** What requests were sent to; any name where there is none. */
export type SentTo = {
  readonly kind: string;
  readonly name: string | undefined;
  readonly namespace: string;
};

const FAMILIES: ReadonlySet<string> = new Set([
  "response_total",
  "response_latency_ms_bucket",
  "tcp_open_total",
  "tcp_open_connections",
  "tcp_read_bytes_total",
  "tcp_write_bytes_total",
]);

/** The statistics of all its proxies together: of what it received, or of what it sent to something. */
export function statOf(pairs: readonly ScrapePair[], to?: SentTo): Stat {
  const isRead = to === undefined ? isReceived : isSentTo(to);
  const grown = pairs.flatMap((pair) => growthOf(pair, isRead));
  const of = (name: string): Growth[] => grown.filter((series) => series.name === name);
  const peer = to === undefined ? "src" : "dst";
  const ofPeer = (name: string): Growth[] =>
    of(name).filter(({ labels }) => labels["peer"] === peer);
  const responses = of("response_total");
  const secured = sum(responses) > 0 ? responses : ofPeer("tcp_open_total");
  return {
    rps: sum(responses, "rate"),
    success: successOf(responses),
    latencyMs: latencyOf(of("response_latency_ms_bucket")),
    secured: share(secured, ({ labels }) => labels["tls"] === "true"),
    tcpConnections: sum(ofPeer("tcp_open_connections"), "value"),
    readRate: sum(ofPeer("tcp_read_bytes_total"), "rate"),
    writeRate: sum(ofPeer("tcp_write_bytes_total"), "rate"),
  };
}

/** Where proxies are asked for their metrics and readiness. */
const ADMIN_PORT = "4191";

/** What is asked of the proxy itself, as its metrics, is no matter of the application's. */
function isReceived({ name, labels }: Sample): boolean {
  const isInbound = FAMILIES.has(name) && labels["direction"] === "inbound";
  return isInbound && labels["target_port"] !== ADMIN_PORT;
}

/** What discovery said of the endpoints that it went to (LBL5). */
function isSentTo({ kind, name, namespace }: SentTo): (sample: Sample) => boolean {
  const label = `dst_${kind === "job" ? "k8s_job" : kind}`;
  return ({ name: family, labels }) =>
    FAMILIES.has(family) &&
    labels["direction"] === "outbound" &&
    labels["dst_namespace"] === namespace &&
    (name === undefined ? labels[label] !== undefined : labels[label] === name);
}
