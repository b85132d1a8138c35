/** A pod, or a workload outside the cluster, as the controllers see it, and what its proxy does with a port; no Kubernetes here. */

import type { Labels } from "./selector.ts";

/** A range of ports, both ends included. */
export type Ports = readonly { readonly from: number; readonly to: number }[];

/** One pod, or one workload outside the cluster. */
export type Workload = {
  readonly name: string;
  readonly namespace: string;
  /** Whether it runs outside the cluster. */
  readonly external: boolean;
  readonly labels: Labels;
  readonly ips: readonly string[];
  readonly serviceAccount: string;
  /** What one outside of the cluster calls itself, and the name that its TLS is for; undefined: by its account. */
  readonly identity: { readonly name: string; readonly serverName: string } | undefined;
  readonly node: string;
  readonly owner: { readonly kind: string; readonly name: string } | undefined;
  readonly templateHash: string | undefined;
  /** The control plane of its proxy; undefined where it has none. */
  readonly controlPlaneNs: string | undefined;
  /** Where its proxy listens; undefined where that could not be read. */
  readonly proxy:
    | { readonly inboundPort: number; readonly metaPorts: readonly number[] }
    | undefined;
  /** Its TCP ports that have a name; containers may share one. */
  readonly namedPorts: ReadonlyMap<string, readonly number[]>;
  readonly opaque: Ports;
  readonly skipInbound: Ports;
  readonly requireIdentity: Ports;
  /** The default policy that its annotations name; undefined: the cluster's. */
  readonly defaultPolicy: string | undefined;
  /** Paths of HTTP probes by port. */
  readonly probes: ReadonlyMap<number, readonly string[]>;
};

/** Whether a port is in one of the ranges. */
export function holds(ports: Ports, port: number): boolean {
  return ports.some(({ from, to }) => from <= port && port <= to);
}
