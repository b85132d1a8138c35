/** Who talks to whom, out of what the proxies of the callers say; pure. */

import type { Sample } from "#lib/metrics/parse.ts";

/** The end of a connection. */
export type EdgeEnd = { readonly name: string; readonly namespace: string };

/** Connections of one workload to another. */
export type Edge = {
  readonly source: EdgeEnd;
  readonly target: EdgeEnd;
  /** Of the server, as the caller's proxy verified it; undefined without TLS. */
  readonly serverId: string | undefined;
  /** Why there is no TLS; undefined where there is. */
  readonly noTlsReason: string | undefined;
};

/** The edges from a workload to those of a kind (`deployment`), of which something is open now or was asked. */
export function edgesOf(
  source: EdgeEnd,
  { samples, kind }: { readonly samples: readonly Sample[]; readonly kind: string },
): Edge[] {
  const edges = new Map<string, Edge>();
  for (const sample of samples) {
    const edge = isUsed(sample) ? toEdge(source, sample, kind) : undefined;
    if (edge !== undefined) edges.set(JSON.stringify(edge), edge);
  }
  return [...edges.values()];
}

const isUsed = ({ name, labels, value }: Sample): boolean =>
  labels["direction"] === "outbound" &&
  value > 0 &&
  (name === "response_total" || (name === "tcp_open_connections" && labels["peer"] === "dst"));

function toEdge(source: EdgeEnd, { labels }: Sample, kind: string): Edge | undefined {
  const name = labels[`dst_${kind}`];
  if (name === undefined) return undefined;
  const secured = labels["tls"] === "true";
  return {
    source,
    target: { name, namespace: labels["dst_namespace"] ?? "" },
    serverId: secured ? labels["server_id"] : undefined,
    noTlsReason: secured ? undefined : (labels["no_tls_reason"] ?? labels["tls"] ?? "unknown"),
  };
}
