/** What the APIs ask of the cluster; the index answers from what it watches. */

import type { EndpointSet } from "./endpoint.ts";
import type { PortPolicy } from "./inbound-policy.ts";
import type { ServiceView } from "./outbound-policy.ts";
import type { ServicePath } from "./service-path.ts";
import type { Workload } from "./workload.ts";

/** What an answer depends on, so that its watchers are woken for nothing else. */
export type Key = `service/${string}/${string}` | `pod/${string}/${string}` | `ip/${string}`;

/** A port of a workload, by name. */
export type WorkloadPort = {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
};

/** Which endpoints, and for whom: a client's node decides about topology (DST10). */
export type EndpointQuery = ServicePath & { readonly node: string };

/** Policy of ports at this moment. */
export interface InboundCatalog {
  /** Undefined where the workload is not known. */
  portPolicy(at: WorkloadPort): PortPolicy | undefined;
  /** Calls the listener after each change that may concern the port; returns the way to unsubscribe. */
  subscribe(at: WorkloadPort, listener: () => void): () => void;
}

/** The cluster at this moment. */
export interface Catalog {
  service(name: { readonly name: string; readonly namespace: string }): ServiceView | undefined;
  /** More than one where Services share an address. */
  servicesAt(ip: string): readonly ServiceView[];
  endpoints(query: EndpointQuery): EndpointSet;
  /** What the endpoints of a query depend on of its node: where that is the same, so are they, until the Service's key changes. */
  view(query: EndpointQuery): string;
  workload(name: { readonly name: string; readonly namespace: string }): Workload | undefined;
  workloadAt(ip: string): Workload | undefined;
  /** Calls the listener after each change of the key's answer; returns the way to unsubscribe. */
  subscribe(key: Key, listener: () => void): () => void;
}
