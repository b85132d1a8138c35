/** Kinds that a cluster may do without: those of the Gateway API, which is not always installed. */

import type { KubeClient } from "#lib/k8s/client.ts";
import { KubeError } from "#lib/k8s/kube-error.ts";
import { HTTP_ROUTES, type Resource } from "#lib/k8s/resource.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";

/** Whether a list failed as its kind is not served. */
export const isNotServed = (error: unknown): boolean =>
  error instanceof KubeError && error.code === "not-found";

/** Objects of a kind; none where it is one of the Gateway API's that the cluster does not serve. */
export async function listServed<T extends KubeObject>(
  client: KubeClient,
  resource: Resource<T>,
  options: Parameters<KubeClient["list"]>[1],
): Promise<readonly T[]> {
  try {
    return (await client.list(resource, options)).items;
  } catch (error) {
    if (resource.group === HTTP_ROUTES.group && isNotServed(error)) return [];
    throw error;
  }
}
