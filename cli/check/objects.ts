/** Questions that several checks ask: do these objects exist, are these pods ready. */

import type { Resource } from "#lib/k8s/resource.ts";
import type { CustomResourceDefinition } from "#lib/k8s/types/admission.ts";
import type { Pod } from "#lib/k8s/types/core.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import type { ClusterRole, ClusterRoleBinding } from "#lib/k8s/types/rbac.ts";
import { expectThat, type Target } from "./check.ts";

const RBAC = {
  group: "rbac.authorization.k8s.io",
  version: "v1",
  namespaced: false,
} as const;

export const ROLES: Resource = { ...RBAC, plural: "roles", kind: "Role", namespaced: true };
export const ROLE_BINDINGS: Resource = {
  ...RBAC,
  plural: "rolebindings",
  kind: "RoleBinding",
  namespaced: true,
};

export const CLUSTER_ROLES: Resource<ClusterRole> = {
  ...RBAC,
  plural: "clusterroles",
  kind: "ClusterRole",
};
export const CLUSTER_ROLE_BINDINGS: Resource<ClusterRoleBinding> = {
  ...RBAC,
  plural: "clusterrolebindings",
  kind: "ClusterRoleBinding",
};
export const CRDS: Resource<CustomResourceDefinition> = {
  group: "apiextensions.k8s.io",
  version: "v1",
  plural: "customresourcedefinitions",
  kind: "CustomResourceDefinition",
  namespaced: false,
};

/** The control plane's Deployments. */
export const COMPONENTS: readonly string[] = ["destination", "identity", "proxy-injector"];

/** Fails with the names that are missing: "missing ClusterRoles: a, b". */
export async function expectAll<T extends KubeObject>(
  { client }: Target,
  what: {
    readonly resource: Resource<T>;
    readonly names: readonly string[];
    readonly namespace?: string;
  },
): Promise<void> {
  const { resource, names, namespace } = what;
  const found = await Promise.all(
    names.map((name) =>
      client.get(resource, namespace === undefined ? { name } : { name, namespace }),
    ),
  );
  const missing = names.filter((_, at) => found[at] === undefined);
  const kind = resource.kind + (names.length > 1 ? "s" : "");
  expectThat(missing.length === 0, `missing ${kind}: ${missing.join(", ")}`);
}

/** Fails for the first pod that does not run with all of its containers ready. */
export function expectReady(pods: readonly Pod[]): void {
  for (const { metadata, status } of pods) {
    const name = metadata?.name ?? "";
    expectThat(status?.phase === "Running", `pod "${name}" status is ${status?.phase}`);
    const all = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
    const waiting = all.find(({ ready, state }) => !ready && state?.terminated?.exitCode !== 0);
    expectThat(waiting === undefined, `container "${waiting?.name}" in pod "${name}" is not ready`);
  }
}

/** Pods that are to run: neither ended nor evicted. */
export function live(pods: readonly Pod[]): Pod[] {
  return pods.filter(({ status }) => status?.phase !== "Succeeded" && status?.phase !== "Failed");
}
