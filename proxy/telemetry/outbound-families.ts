/** The families that only outbound counts in. */

import type { Registry } from "#lib/metrics/registry.ts";
import { type RetryFamilies, retryFamilies } from "./retry-metrics.ts";
import { type RouteFamilies, routeFamilies } from "./route-metrics.ts";

/** Those of a proxy. */
export interface OutboundFamilies {
  readonly routes: RouteFamilies;
  readonly retries: RetryFamilies;
}

/** Makes them. */
export function outboundFamilies(registry: Registry): OutboundFamilies {
  return { routes: routeFamilies(registry), retries: retryFamilies(registry) };
}
