/** Accounts and what they may do. */

import type { ServiceAccount } from "#lib/k8s/types/core.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from "#lib/k8s/types/rbac.ts";

/** Verbs on resources of a group. */
export type Rule = {
  readonly group: string;
  readonly resources: readonly string[];
  /** Only the objects of these names; all where not given. */
  readonly names?: readonly string[];
  readonly verbs: readonly string[];
};

const RBAC = "rbac.authorization.k8s.io";

/** Verbs of an informer. */
export const WATCH: readonly string[] = ["get", "list", "watch"];

/** An account with rights in the whole cluster, and in its own namespace. */
export function account(options: {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The name of its ClusterRole. */
  readonly clusterName: string;
  /** Rights in all namespaces. */
  readonly cluster: readonly Rule[];
  readonly local?: readonly Rule[];
}): KubeObject[] {
  const { name, namespace, clusterName, cluster, local = [] } = options;
  const labels = { ...options.labels };
  const subjects = [{ kind: "ServiceAccount", name, namespace }];
  const serviceAccount: ServiceAccount = {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name, namespace, labels },
  };
  const clusterRole: ClusterRole = {
    apiVersion: `${RBAC}/v1`,
    kind: "ClusterRole",
    metadata: { name: clusterName, labels },
    rules: rules(cluster),
  };
  const clusterBinding: ClusterRoleBinding = {
    apiVersion: `${RBAC}/v1`,
    kind: "ClusterRoleBinding",
    metadata: { name: clusterName, labels },
    roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: clusterName },
    subjects,
  };
  if (local.length === 0) return [serviceAccount, clusterRole, clusterBinding];
  const role: Role = {
    apiVersion: `${RBAC}/v1`,
    kind: "Role",
    metadata: { name, namespace, labels },
    rules: rules(local),
  };
  const binding: RoleBinding = {
    apiVersion: `${RBAC}/v1`,
    kind: "RoleBinding",
    metadata: { name, namespace, labels },
    roleRef: { apiGroup: RBAC, kind: "Role", name },
    subjects,
  };
  return [serviceAccount, clusterRole, clusterBinding, role, binding];
}

const rules = (all: readonly Rule[]): NonNullable<Role["rules"]> =>
  all.map(({ group, resources, names, verbs }) => ({
    apiGroups: [group],
    resources: [...resources],
    ...(names !== undefined && { resourceNames: [...names] }),
    verbs: [...verbs],
  }));
