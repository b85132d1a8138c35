/** The cluster that a kubeconfig names; loaded only by commands that need one. */

import { createKubeClient } from "#lib/k8s/client.ts";
import { loadKubeconfig } from "#lib/k8s/kubeconfig.ts";
import { forwardPort } from "#lib/k8s/port-forward.ts";
import type { Cluster, ClusterFlags } from "./context.ts";

/** Connects to nothing yet: it reads the kubeconfig and runs its exec plugin. Throws where it cannot be read. */
export async function connect(flags: ClusterFlags): Promise<Cluster> {
  const { kubeconfig, context, as: user, asGroup: group } = flags;
  const known = await loadKubeconfig({ path: kubeconfig, context });
  if (group !== undefined && user === undefined)
    throw new Error("Cannot act as a group alone: name a user by --as too");
  const access = user === undefined ? known : { ...known, actAs: { user, group } };
  return {
    client: createKubeClient(access),
    namespace: known.namespace,
    forward: (to) => forwardPort(access, to),
  };
}
