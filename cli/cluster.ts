/** The cluster that a kubeconfig names; loaded only by commands that need one. */

import { createKubeClient } from "#lib/k8s/client.ts";
import { loadKubeconfig } from "#lib/k8s/kubeconfig.ts";
import { forwardPort } from "#lib/k8s/port-forward.ts";
import type { Cluster, ClusterFlags } from "./context.ts";

/** Connects to nothing yet: it reads the kubeconfig and runs its exec plugin. Throws where it cannot be read. */
export async function connect({ kubeconfig, context }: ClusterFlags): Promise<Cluster> {
  const access = await loadKubeconfig({ path: kubeconfig, context });
  return {
    client: createKubeClient(access),
    namespace: access.namespace,
    forward: (to) => forwardPort(access, to),
  };
}
