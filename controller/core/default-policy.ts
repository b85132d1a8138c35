/** Linkerd's default policies: what a port allows that nothing else is said of (INB3, INB8). */

import { ANY_NETWORK, type Authorization } from "./authorization.ts";

/** Their names. */
export const DEFAULT_POLICIES = [
  "all-unauthenticated",
  "all-authenticated",
  "cluster-unauthenticated",
  "cluster-authenticated",
  "deny",
  "audit",
] as const;
export type DefaultPolicy = (typeof DEFAULT_POLICIES)[number];

/** What a default policy allows: anyone of any name is an identity that ends with nothing. */
export function allowedBy(
  name: DefaultPolicy,
  clusterNetworks: readonly string[],
): readonly Authorization[] {
  if (name === "deny") return [];
  const networks = name.startsWith("cluster-")
    ? clusterNetworks.map((cidr) => ({ cidr, except: [] }))
    : ANY_NETWORK;
  if (networks.length === 0) return [];
  return [
    {
      ref: { type: "default", name },
      networks,
      authentication: name.endsWith("-authenticated")
        ? { type: "identities", names: [], suffixes: [[]] }
        : { type: "unauthenticated" },
    },
  ];
}

/** The policy of a port that requires an identity: what allows callers allows none without one; an audit is none that does. */
export function hardened(name: DefaultPolicy): DefaultPolicy {
  if (name === "deny" || name === "audit") return name;
  return name.startsWith("cluster-") ? "cluster-authenticated" : "all-authenticated";
}
