/** Kinds of the group networking.k8s.io. */

import type { V1NetworkPolicy, V1NetworkPolicyIngressRule } from "@kubernetes/client-node";
import type { Json } from "./meta.ts";

type ClientRule = Json<V1NetworkPolicyIngressRule>;

/** A rule as it is on the wire: the official client renames `from`. */
export type IngressRule = Pick<ClientRule, "ports"> & {
  from?: NonNullable<ClientRule["_from"]>;
};

type ClientPolicy = Json<V1NetworkPolicy>;

export type NetworkPolicy = Omit<ClientPolicy, "spec"> & {
  spec?: Omit<NonNullable<ClientPolicy["spec"]>, "ingress"> & { ingress?: IngressRule[] };
};
