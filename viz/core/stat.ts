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

/** What requests were sent to. */
export type SentTo = {
  /** `namespace` and `authority` too. */
  readonly kind: string;
  /** Any, where there are none. */
  readonly names: readonly string[] | undefined;
  /** Where it is; undefined: anywhere. */
  readonly namespace: string | undefined;
};

/** Which requests: those that were received unless it is said what they were sent to. */
export type Which = {
  readonly to?: SentTo | "anything";
  /** What they named. */
  readonly authority?: string;
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
export function statOf(pairs: readonly ScrapePair[], which: Which = {}): Stat {
  const { to } = which;
  const isRead = readerOf(which);
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

/** What requests named that were received, or sent to something: only inbound proxies that are told to say so do. */
export function authoritiesIn(pairs: readonly ScrapePair[], which: Which): readonly string[] {
  const isRead = readerOf(which);
  const names = pairs.flatMap(({ second }) =>
    second.filter(isRead).flatMap(({ labels }) => labels["authority"] || []),
  );
  return [...new Set(names)].sort();
}

function readerOf({ to, authority }: Which): (sample: Sample) => boolean {
  const isRead = to === undefined ? isReceived : isSentTo(to);
  if (authority === undefined) return isRead;
  return (sample) => sample.labels["authority"] === authority && isRead(sample);
}

/** Where proxies are asked for their metrics and readiness. */
const ADMIN_PORT = "4191";

/** What is asked of the proxy itself, as its metrics, is no matter of the application's. */
function isReceived({ name, labels }: Sample): boolean {
  const isInbound = FAMILIES.has(name) && labels["direction"] === "inbound";
  return isInbound && labels["target_port"] !== ADMIN_PORT;
}

/** What discovery said of the endpoints that it went to (LBL5). */
function isSentTo(to: SentTo | "anything"): (sample: Sample) => boolean {
  const isSent = ({ name, labels }: Sample): boolean =>
    FAMILIES.has(name) && labels["direction"] === "outbound";
  if (to === "anything") return isSent;
  const { kind, names, namespace } = to;
  const label = LABELS[kind] ?? `dst_${kind}`;
  return (sample) => {
    const { dst_namespace: place, [label]: own } = sample.labels;
    const isThere = namespace === undefined || place === namespace;
    return isThere && own !== undefined && (names?.includes(own) ?? true) && isSent(sample);
  };
}

const LABELS: Readonly<Record<string, string>> = { job: "dst_k8s_job", authority: "authority" };
