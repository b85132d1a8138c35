/** Categories linkerd-ha-checks and linkerd-extension-checks. */

import { DEPLOYMENTS, NAMESPACES } from "#lib/k8s/resource.ts";
import { type Category, expectNone, type Target } from "./check.ts";
import { readValues } from "./config.ts";
import { COMPONENTS } from "./objects.ts";

/** What marks the namespace of an extension. */
const EXTENSION = "linkerd.io/extension";

/** Asked where the mesh was installed with replicas that are kept apart, as by --ha. */
export const HIGH_AVAILABILITY: Category = {
  name: "linkerd-ha-checks",
  checks: [
    {
      description: "multiple replicas of control plane pods",
      anchor: "l5d-control-plane-replicas",
      severity: "warning",
      applies: async (target) => (await readValues(target)).isHighlyAvailable,
      retried: true,
      run: async (target) => expectNone("Not enough replicas available for", await lonely(target)),
    },
  ],
};

async function lonely({ client, linkerdNamespace }: Target): Promise<string[]> {
  const names = COMPONENTS.map((component) => `linkerd-${component}`);
  const { items } = await client.list(DEPLOYMENTS, { namespace: linkerdNamespace });
  return names.filter((name) => {
    const found = items.find(({ metadata }) => metadata?.name === name);
    return (found?.status?.availableReplicas ?? 0) < 2;
  });
}

/** Whether extensions can be told apart. */
export const EXTENSIONS: Category = {
  name: "linkerd-extension-checks",
  checks: [
    {
      description: "namespace configuration for extensions",
      anchor: "l5d-extension-namespaces",
      severity: "warning",
      run: async ({ client }) => {
        const { items } = await client.list(NAMESPACES, { labelSelector: EXTENSION });
        const owners = new Map<string, string[]>();
        for (const { metadata } of items) {
          const extension = metadata?.labels?.[EXTENSION] ?? "";
          owners.set(extension, [...(owners.get(extension) ?? []), metadata?.name ?? ""]);
        }
        expectNone(
          "some extensions have invalid configuration",
          [...owners].flatMap(([extension, namespaces]) => {
            if (extension === "") return namespaces.map((name) => `${name}: ${EXTENSION} is empty`);
            if (namespaces.length === 1) return [];
            return [`extension ${extension} is in several namespaces: ${namespaces.join(", ")}`];
          }),
        );
      },
    },
  ],
};
