/** Category linkerd-cni-plugin: the node agent, without which no pod is redirected. */

import { DAEMON_SETS, SERVICE_ACCOUNTS } from "#lib/k8s/resource.ts";
import { type Category, expectThat } from "./check.ts";
import { CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, expectAll } from "./objects.ts";

const NAME = "linkerd-cni";

/** The checks. */
export const CNI_PLUGIN: Category = {
  name: "linkerd-cni-plugin",
  checks: [
    {
      description: "cni plugin ClusterRole exists",
      anchor: "cni-plugin-cr-exists",
      severity: "fatal",
      run: async (target) => await expectAll(target, { resource: CLUSTER_ROLES, names: [NAME] }),
    },
    {
      description: "cni plugin ClusterRoleBinding exists",
      anchor: "cni-plugin-crb-exists",
      severity: "fatal",
      run: async (target) =>
        await expectAll(target, { resource: CLUSTER_ROLE_BINDINGS, names: [NAME] }),
    },
    {
      description: "cni plugin ServiceAccount exists",
      anchor: "cni-plugin-sa-exists",
      severity: "fatal",
      run: async (target) =>
        await expectAll(target, {
          resource: SERVICE_ACCOUNTS,
          names: [NAME],
          namespace: target.cniNamespace,
        }),
    },
    {
      description: "cni plugin DaemonSet exists",
      anchor: "cni-plugin-ds-exists",
      severity: "fatal",
      run: async (target) =>
        await expectAll(target, {
          resource: DAEMON_SETS,
          names: [NAME],
          namespace: target.cniNamespace,
        }),
    },
    {
      description: "cni plugin pod is running on all nodes",
      anchor: "cni-plugin-ready",
      severity: "fatal",
      retried: true,
      run: async ({ client, cniNamespace }) => {
        const set = await client.get(DAEMON_SETS, { name: NAME, namespace: cniNamespace });
        const { numberReady = 0, desiredNumberScheduled = 0 } = set?.status ?? {};
        expectThat(
          desiredNumberScheduled > 0 && numberReady >= desiredNumberScheduled,
          `number ready: ${numberReady}, number scheduled: ${desiredNumberScheduled}`,
        );
      },
    },
  ],
};
