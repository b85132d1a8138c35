/** What answers at an address that is no Service's: a pod, a workload outside of the cluster, or anything else (DST15, OUT11). */

import type { Catalog } from "../core/catalog.ts";
import { type EndpointOptions, endpointOf, type LoneEndpoint } from "../core/endpoint.ts";
import { holds } from "../core/workload.ts";

/** A pod's address, a port of its node that leads to a pod, or anything else. */
export function loneEndpoint(
  { ip, port }: { readonly ip: string; readonly port: number },
  from: EndpointOptions & { readonly cluster: Pick<Catalog, "workloadAt" | "workloadOnHost"> },
): LoneEndpoint {
  const own = from.cluster.workloadAt(ip);
  const through = own === undefined ? from.cluster.workloadOnHost(ip, port) : undefined;
  const workload = own ?? through?.workload;
  const containerPort = through?.port ?? port;
  const at = { ip, port: containerPort, workload, zone: "", clientZone: "" };
  const made = endpointOf(at, from);
  const opaque = workload !== undefined && holds(workload.opaque, containerPort);
  const labels = workload && { ...made?.labels, namespace: workload.namespace };
  // A node's port leads to that of the container alone, not to the proxy's own.
  const direct = through === undefined ? {} : { port, directPort: undefined };
  const endpoint = made && { ...made, ...direct, labels: labels ?? made.labels };
  return { endpoint, opaque };
}
