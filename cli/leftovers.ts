/** What of an installation is in the cluster, found by its label. */

import { CONTROL_PLANE_NS } from "#lib/k8s/annotations.ts";
import type { KubeClient } from "#lib/k8s/client.ts";
import {
  apiVersionOf,
  CONFIG_MAPS,
  DEPLOYMENTS,
  MUTATING_WEBHOOK_CONFIGURATIONS,
  NAMESPACES,
  type Resource,
  SECRETS,
  SERVICE_ACCOUNTS,
  SERVICES,
  VALIDATING_WEBHOOK_CONFIGURATIONS,
} from "#lib/k8s/resource.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import {
  CLUSTER_ROLE_BINDINGS,
  CLUSTER_ROLES,
  CRDS,
  ROLE_BINDINGS,
  ROLES,
} from "./check/objects.ts";
import { isNotServed } from "./served-kinds.ts";

const DISRUPTION_BUDGETS: Resource = {
  group: "policy",
  version: "v1",
  plural: "poddisruptionbudgets",
  kind: "PodDisruptionBudget",
  namespaced: true,
};

const NETWORK_POLICIES: Resource = {
  group: "networking.k8s.io",
  version: "v1",
  plural: "networkpolicies",
  kind: "NetworkPolicy",
  namespaced: true,
};

/** Of the Prometheus operator: a cluster may not know it. */
const POD_MONITORS: Resource = {
  group: "monitoring.coreos.com",
  version: "v1",
  plural: "podmonitors",
  kind: "PodMonitor",
  namespaced: true,
};

/** Kinds outside of namespaces, in the order in which they go: nobody is asked who is no longer there. */
export const CLUSTER_KINDS: readonly Resource[] = [
  MUTATING_WEBHOOK_CONFIGURATIONS,
  VALIDATING_WEBHOOK_CONFIGURATIONS,
  CLUSTER_ROLE_BINDINGS,
  CLUSTER_ROLES,
  CRDS,
  NAMESPACES,
];

/** Kinds in the control plane's namespace. */
export const NAMESPACED_KINDS: readonly Resource[] = [
  DEPLOYMENTS,
  SERVICES,
  CONFIG_MAPS,
  SECRETS,
  SERVICE_ACCOUNTS,
  DISRUPTION_BUDGETS,
  NETWORK_POLICIES,
  POD_MONITORS,
  ROLES,
  ROLE_BINDINGS,
];

/** Objects of these kinds that belong to the control plane in a namespace: kind and name, as `kubectl delete -f` needs them. */
export async function findMarked(
  client: KubeClient,
  { kinds, namespace }: { readonly kinds: readonly Resource[]; readonly namespace: string },
): Promise<KubeObject[]> {
  const lists = await Promise.all(
    kinds.map(async (kind) => {
      const { items } = await client
        .list(kind, {
          labelSelector: `${CONTROL_PLANE_NS}=${namespace}`,
          ...(kind.namespaced && { namespace }),
        })
        .catch(noneOfThatKind);
      return items.map(({ metadata }) => bare(kind, metadata));
    }),
  );
  return lists.flat();
}

function noneOfThatKind(error: unknown): { readonly items: readonly KubeObject[] } {
  if (isNotServed(error)) return { items: [] };
  throw error;
}

function bare(kind: Resource, metadata: KubeObject["metadata"]): KubeObject {
  const { name = "", namespace } = metadata ?? {};
  return {
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    metadata: { name, ...(kind.namespaced && { namespace }) },
  };
}
