/** Sizes of what the role `destination` finds its answers by (CPM5), by Linkerd's names. */

import type { Registry } from "#lib/metrics/registry.ts";

/** Numbers by namespace. */
export type Sizes = ReadonlyMap<string, number>;

/** Sizes as they are. */
export type IndexSizes = {
  /** By kinds of objects, as metrics call them. */
  readonly inbound: ReadonlyMap<string, Sizes>;
  readonly outbound: {
    /** Addresses of Services. */
    readonly addresses: number;
    readonly services: number;
    /** Services with routes. */
    readonly routes: Sizes;
    /** Ports that anyone watches. */
    readonly ports: Sizes;
  };
};

const INBOUND_KINDS = [
  ...["meshtls_authentication", "network_authentication", "pod", "external_workload", "server"],
  ...["server_authorization", "authorization_policy", "http_route"],
];

/** Registers the families; gives the way to write them, for when the metrics are asked for. */
export function registerIndexSizes(registry: Registry): (sizes: IndexSizes) => void {
  const gauge = (name: string): ReturnType<Registry["gauge"]> =>
    registry.gauge(`${name}_index_size`, `Entries in the index ${name}.`);
  const inbound = INBOUND_KINDS.map((kind) => ({ kind, gauge: gauge(`inbound_index_${kind}`) }));
  const addresses = gauge("outbound_index_service").with();
  const services = gauge("outbound_index_service_info").with();
  const routes = gauge("outbound_index_service_route");
  const ports = gauge("outbound_index_service_port_route");
  return (sizes) => {
    for (const each of inbound) write(each.gauge, sizes.inbound.get(each.kind));
    addresses.set(sizes.outbound.addresses);
    services.set(sizes.outbound.services);
    write(routes, sizes.outbound.routes);
    write(ports, sizes.outbound.ports);
  };
}

/** A namespace in which there is nothing any more is not told of. */
function write(gauge: ReturnType<Registry["gauge"]>, sizes: Sizes = new Map()): void {
  gauge.clear();
  for (const [namespace, size] of sizes) gauge.with({ namespace }).set(size);
}

/** How many there are in each namespace. */
export function countByNamespace(
  objects: Iterable<{ readonly metadata?: { readonly namespace?: string } }>,
): Sizes {
  const sizes = new Map<string, number>();
  for (const { metadata } of objects) {
    const namespace = metadata?.namespace ?? "";
    sizes.set(namespace, (sizes.get(namespace) ?? 0) + 1);
  }
  return sizes;
}
