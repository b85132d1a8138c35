/** The families that only outbound counts in. */

import type { Registry } from "#lib/metrics/registry.ts";
import { BalancerMetrics } from "./balancer-metrics.ts";
import { CostMetrics } from "./cost-metrics.ts";
import { DetectMetrics } from "./detect-metrics.ts";
import { ProfileMetrics } from "./profile-metrics.ts";
import { type RetryFamilies, retryFamilies } from "./retry-metrics.ts";
import { type RouteFamilies, routeFamilies } from "./route-metrics.ts";
import { ProtocolMetrics, TransportMetrics } from "./transport-metrics.ts";

/** Those of a proxy. */
export interface OutboundFamilies {
  readonly routes: RouteFamilies;
  readonly retries: RetryFamilies;
  readonly detect: DetectMetrics;
  readonly protocols: ProtocolMetrics;
  readonly cost: CostMetrics;
  readonly profiles: ProfileMetrics;
  /** Calls this each time before somebody looks. */
  onLook(update: () => void): void;
  readonly balancers: {
    readonly http: BalancerMetrics;
    readonly tcp: BalancerMetrics;
    readonly tls: BalancerMetrics;
  };
  readonly transport: { readonly tcp: TransportMetrics; readonly tls: TransportMetrics };
}

/** Makes them. */
export function outboundFamilies(registry: Registry): OutboundFamilies {
  return {
    retries: retryFamilies(registry),
    protocols: new ProtocolMetrics(registry),
    detect: new DetectMetrics(registry, "outbound"),
    routes: routeFamilies(registry),
    cost: new CostMetrics(registry),
    profiles: new ProfileMetrics(registry),
    onLook: (update) => registry.onLook(update),
    balancers: {
      http: new BalancerMetrics(registry, "outbound_http_balancer"),
      tcp: new BalancerMetrics(registry, "outbound_tcp_balancer"),
      tls: new BalancerMetrics(registry, "outbound_tls_balancer"),
    },
    transport: {
      tcp: new TransportMetrics(registry, "tcp"),
      tls: new TransportMetrics(registry, "tls"),
    },
  };
}
