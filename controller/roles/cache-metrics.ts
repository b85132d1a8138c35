/** How many objects the role `destination` knows of each kind, and whether what it knows may be old (CPM1). */

import type { Informer } from "#lib/k8s/informer.ts";
import type { Registry } from "#lib/metrics/registry.ts";

/** What metrics call the objects of an informer. */
const KINDS = {
  pods: "pod",
  services: "service",
  slices: "endpointslice",
  namespaces: "namespace",
  nodes: "node",
  servers: "server",
  serverAuthorizations: "serverauthorization",
  authorizationPolicies: "authorizationpolicy",
  meshTlsAuthentications: "meshtlsauthentication",
  networkAuthentications: "networkauthentication",
  rateLimits: "httplocalratelimitpolicy",
  linkerdHttpRoutes: "linkerd_httproute",
  httpRoutes: "httproute",
  grpcRoutes: "grpcroute",
  egressNetworks: "egressnetwork",
  externalWorkloads: "externalworkload",
  serviceProfiles: "serviceprofile",
  tlsRoutes: "tlsroute",
  tcpRoutes: "tcproute",
} as const;

/** What is watched, by plural names. */
export type CachedKind = keyof typeof KINDS;

/** `<kind>_cache_size` (CPM1), and whether what is known may be old; written when the metrics are asked for. */
export function registerCacheSizes(
  registry: Registry,
  informers: Readonly<Record<CachedKind, Informer<unknown>>>,
): () => void {
  const degraded = registry.gauge(
    "bunkerd_kubernetes_degraded",
    "1 while the Kubernetes API cannot be watched: answers come from what was known.",
  );
  const gauges = Object.entries(KINDS).map(([key, kind]) => ({
    gauge: registry.gauge(`${kind}_cache_size`, `Objects of kind ${kind} that are known.`).with(),
    degraded: degraded.with({ kind }),
    informer: informers[key as CachedKind],
  }));
  return () => {
    for (const { gauge, degraded, informer } of gauges) {
      gauge.set(informer.list().length);
      degraded.set(Number(informer.degraded));
    }
  };
}
