/** How a pod reaches the API: its Service's address, and the token and CA that the kubelet mounts. */

import { readFile } from "node:fs/promises";
import type { ClusterAccess } from "./client.ts";

/** Where every pod finds its ServiceAccount's files. */
const DIRECTORY = "/var/run/secrets/kubernetes.io/serviceaccount";

/** KUBERNETES_SERVICE_HOST and _PORT as the kubelet sets them; undefined outside a pod. */
export type InClusterEnv = {
  readonly host: string | undefined;
  readonly port: string | undefined;
  readonly directory?: string;
};

/** Reads a pod's own access. Token and CA are read again at each request: the kubelet renews both. Throws where the process is in no pod. */
export async function readInCluster({
  host,
  port,
  directory = DIRECTORY,
}: InClusterEnv): Promise<ClusterAccess> {
  if (host === undefined || port === undefined)
    throw new Error(
      "Cannot reach the Kubernetes API: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set; run this in a pod",
    );
  const ca = (): Promise<string> => readFile(`${directory}/ca.crt`, "utf8");
  await ca().catch((cause: unknown) => {
    throw new Error(`Cannot read ${directory}/ca.crt: the pod has no ServiceAccount volume`, {
      cause,
    });
  });
  return {
    server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    ca,
    token: async () => (await readFile(`${directory}/token`, "utf8")).trim(),
  };
}
