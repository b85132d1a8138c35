/** What the APIs ask of the cluster; the index answers from what it watches. */

import type { EndpointSet } from "./endpoint.ts";
import type { PortPolicy } from "./inbound-policy.ts";
import type { OutboundPolicy, ServiceView } from "./outbound-policy.ts";
import type { Profile } from "./profile.ts";
import type { ServicePath } from "./service-path.ts";
import type { Workload } from "./workload.ts";

/** What an answer depends on, so that its watchers are woken for nothing else: a Service, its endpoints, a pod, a workload outside of the cluster, or who has an address. */
export type Key =
  | `service/${string}/${string}`
  | `endpoints/${string}/${string}`
  | `pod/${string}/${string}`
  | `external/${string}/${string}`
  | `ip/${string}`;

/** A workload by name, in the cluster unless it is said to be outside. */
export type WorkloadName = {
  readonly namespace: string;
  readonly name: string;
  readonly external?: boolean;
};

/** A port of a workload. */
export type WorkloadPort = WorkloadName & { readonly port: number };

/** Which endpoints, and for whom: a client's node decides about topology (DST10). */
export type EndpointQuery = ServicePath & { readonly node: string };

/** The same, where topology may not count: the node is undefined. */
export type EndpointLookup = ServicePath & { readonly node: string | undefined };

/** Policy of ports at this moment. */
export interface InboundCatalog {
  /** Undefined where the workload is not known. */
  portPolicy(at: WorkloadPort): PortPolicy | undefined;
  /** Calls the listener after each change that may concern the port; returns the way to unsubscribe. */
  subscribe(at: WorkloadPort, listener: () => void): () => void;
}

/** Where a client wants to go: to a Service by name, or to an address. */
export type OutboundTargetName =
  | {
      readonly type: "service";
      readonly name: string;
      readonly namespace: string;
      readonly port: number;
    }
  | { readonly type: "address"; readonly ip: string; readonly port: number };

/** Who asks for the policy of what: the client's namespace decides which routes hold (OUT4). */
export type OutboundQuery = { readonly target: OutboundTargetName; readonly client: string };

/** Policy of destinations at this moment. */
export interface OutboundCatalog {
  /** Undefined where a Service is not there. Clients for whom the same holds are given the same value. */
  outboundPolicy(query: OutboundQuery): OutboundPolicy | undefined;
  /** Calls the listener after each change of the policy; returns the way to unsubscribe. */
  subscribe(query: OutboundQuery, listener: () => void): () => void;
}

/** Who asks for the profile of what: the client's namespace decides which ServiceProfile holds (DST16). */
export type ProfileQuery = {
  readonly target:
    | ({ readonly type: "service" } & ServicePath)
    | { readonly type: "address"; readonly ip: string; readonly port: number };
  readonly client: string;
};

/** Profiles of destinations at this moment. */
export interface ProfileCatalog {
  /** Undefined where a Service, or its named endpoint, is not there. Clients for whom the same holds are given the same value. */
  profile(query: ProfileQuery): Profile | undefined;
  /** Calls the listener after each change of the profile; returns the way to unsubscribe. */
  subscribe(query: ProfileQuery, listener: () => void): () => void;
}

/** The cluster at this moment. */
export interface Catalog {
  service(name: { readonly name: string; readonly namespace: string }): ServiceView | undefined;
  /** More than one where Services share an address. */
  servicesAt(ip: string): readonly ServiceView[];
  endpoints(query: EndpointLookup): EndpointSet;
  /** What the endpoints of a query depend on of its node: where that is the same, so are they, until the key of the endpoints changes. */
  view(query: EndpointQuery): string;
  workload(name: WorkloadName): Workload | undefined;
  workloadAt(ip: string): Workload | undefined;
  /** The workload that a port of a node leads to, and which of its ports (DST15). */
  workloadOnHost(
    ip: string,
    port: number,
  ): { readonly workload: Workload; readonly port: number } | undefined;
  /** Calls the listener after each change of the key's answer; returns the way to unsubscribe. */
  subscribe(key: Key, listener: () => void): () => void;
}
