/** Category pre-kubernetes-setup: may this user install the mesh here. */

import { CONFIG_MAPS, NAMESPACES, NODES, type Resource } from "#lib/k8s/resource.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import { type Category, type Check, expectNone, expectThat, type Target } from "./check.ts";

type AccessReview = KubeObject & {
  readonly spec?: { readonly resourceAttributes: Readonly<Record<string, string | undefined>> };
  readonly status?: { readonly allowed?: boolean; readonly reason?: string };
};

const SELF_SUBJECT_ACCESS_REVIEWS: Resource<AccessReview> = {
  group: "authorization.k8s.io",
  version: "v1",
  plural: "selfsubjectaccessreviews",
  kind: "SelfSubjectAccessReview",
  namespaced: false,
};

type Access = {
  readonly verb: "create" | "get";
  readonly group: string;
  readonly resource: string;
  readonly namespaced: boolean;
};

async function expectAllowed({ client, linkerdNamespace }: Target, access: Access): Promise<void> {
  const { verb, group, resource, namespaced } = access;
  const namespace = namespaced ? linkerdNamespace : undefined;
  const review = await client.create(SELF_SUBJECT_ACCESS_REVIEWS, {
    spec: { resourceAttributes: { verb, group, resource, namespace } },
  });
  expectThat(review.status?.allowed === true, `missing permissions to ${verb} ${resource}`);
}

const can = (description: string, access: Access): Check => ({
  description: `can ${description}`,
  anchor: "pre-k8s",
  run: async (target) => await expectAllowed(target, access),
});

const create = (kind: string, group = ""): Check =>
  can(`create ${kind}`, { verb: "create", group, resource: kind.toLowerCase(), namespaced: true });

/** Non-namespaced kinds that an installation creates. */
const CLUSTER_WIDE: readonly (readonly [string, string])[] = [
  ["", "namespaces"],
  ["rbac.authorization.k8s.io", "clusterroles"],
  ["rbac.authorization.k8s.io", "clusterrolebindings"],
  ["apiextensions.k8s.io", "customresourcedefinitions"],
  ["admissionregistration.k8s.io", "mutatingwebhookconfigurations"],
  ["admissionregistration.k8s.io", "validatingwebhookconfigurations"],
];

/** A node tells of itself every 5 minutes at least; the rest is skew. */
const SKEW_MS = 5 * 60_000 + 10_000;

/** The checks. */
export const PRE: Category = {
  name: "pre-kubernetes-setup",
  checks: [
    {
      description: "control plane namespace does not already exist",
      anchor: "pre-ns",
      run: async ({ client, linkerdNamespace }) => {
        const found = await client.get(NAMESPACES, { name: linkerdNamespace });
        expectThat(found === undefined, `The "${linkerdNamespace}" namespace already exists`);
      },
    },
    {
      description: "can create non-namespaced resources",
      anchor: "pre-k8s-cluster-k8s",
      run: async (target) => {
        for (const [group, resource] of CLUSTER_WIDE)
          await expectAllowed(target, { verb: "create", group, resource, namespaced: false });
      },
    },
    create("ServiceAccounts"),
    create("Services"),
    create("Deployments", "apps"),
    create("CronJobs", "batch"),
    create("ConfigMaps"),
    create("Secrets"),
    can("read Secrets", { verb: "get", group: "", resource: "secrets", namespaced: true }),
    {
      description: "can read extension-apiserver-authentication configmap",
      anchor: "pre-k8s",
      run: async ({ client }) => {
        const name = "extension-apiserver-authentication";
        const found = await client.get(CONFIG_MAPS, { name, namespace: "kube-system" });
        expectThat(found !== undefined, `configmaps "${name}" not found`);
      },
    },
    {
      description: "no clock skew detected",
      anchor: "pre-k8s-clock-skew",
      severity: "warning",
      run: async ({ client, wall }) => {
        const { items } = await client.list(NODES);
        const skewed = items.filter(({ status }) => {
          const heartbeat = status?.conditions?.find(
            ({ type }) => type === "Ready",
          )?.lastHeartbeatTime;
          return heartbeat !== undefined && Math.abs(wall() - Date.parse(heartbeat)) > SKEW_MS;
        });
        expectNone(
          "clock skew detected for node(s)",
          skewed.map(({ metadata }) => metadata?.name ?? ""),
        );
      },
    },
  ],
};
