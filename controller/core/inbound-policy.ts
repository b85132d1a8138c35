/** Who may connect to a pod's port where no Server selects it (INB3, INB5, INB8, INB9). */

import { holds, type Workload } from "./workload.ts";

/** The names of Linkerd's default policies. */
export const DEFAULT_POLICIES = [
  "all-unauthenticated",
  "all-authenticated",
  "cluster-unauthenticated",
  "cluster-authenticated",
  "deny",
  "audit",
] as const;
export type DefaultPolicy = (typeof DEFAULT_POLICIES)[number];

/** A permission: from where, and whether the client must have an identity. */
export type Permission = {
  readonly name: string;
  readonly networks: readonly string[];
  readonly authenticated: boolean;
};

/** The policy of one port. */
export type PortPolicy = {
  readonly protocol: "detect" | "opaque";
  readonly name: string;
  readonly permissions: readonly Permission[];
  /** Exact paths that probes ask for, and from where they may; empty where the pod has no probe on the port. */
  readonly probePaths: readonly string[];
  readonly probeNetworks: readonly string[];
};

/** The cluster's own settings. */
export type PolicyDefaults = {
  readonly defaultPolicy: DefaultPolicy;
  readonly clusterNetworks: readonly string[];
  readonly probeNetworks: readonly string[];
};

const ANY: readonly string[] = ["0.0.0.0/0", "::/0"];

/** The policy of a port of a pod. A default that is not known counts for nothing: the cluster's stands. */
export function portPolicy(workload: Workload, port: number, defaults: PolicyDefaults): PortPolicy {
  const own = DEFAULT_POLICIES.find((each) => each === workload.defaultPolicy);
  const name = hardened(own ?? defaults.defaultPolicy, holds(workload.requireIdentity, port));
  return {
    protocol: holds(workload.opaque, port) ? "opaque" : "detect",
    name,
    permissions: permissionsOf(name, defaults.clusterNetworks),
    probePaths: workload.probes.get(port) ?? [],
    probeNetworks: defaults.probeNetworks,
  };
}

function hardened(name: DefaultPolicy, identityRequired: boolean): DefaultPolicy {
  if (!identityRequired || name === "deny") return name;
  return name.startsWith("cluster-") ? "cluster-authenticated" : "all-authenticated";
}

function permissionsOf(name: DefaultPolicy, clusterNetworks: readonly string[]): Permission[] {
  if (name === "deny") return [];
  const networks = name.startsWith("cluster-") ? clusterNetworks : ANY;
  return [{ name, networks, authenticated: name.endsWith("-authenticated") }];
}
