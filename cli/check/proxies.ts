/** The proxies of pods: which pod has one, its admin port, its metrics through the API server. */

import { CONTROL_PLANE_NS } from "#lib/k8s/annotations.ts";
import type { KubeClient } from "#lib/k8s/client.ts";
import { PODS, resourcePath } from "#lib/k8s/resource.ts";
import type { Container, Pod } from "#lib/k8s/types/core.ts";

const ADMIN_PORT = 4191;

/** How many proxies are asked at once. */
const PARALLEL = 16;

/** The proxy's container, a native sidecar or not; undefined where the pod has none. */
export function proxyOf({ spec }: Pod): Container | undefined {
  return [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].find(
    ({ name }) => name === "linkerd-proxy",
  );
}

/** Whether a pod belongs to the mesh of that control plane. */
export function isMeshed(pod: Pod, linkerdNamespace: string): boolean {
  return (
    proxyOf(pod) !== undefined && pod.metadata?.labels?.[CONTROL_PLANE_NS] === linkerdNamespace
  );
}

/** A pod as a report names it. */
export function nameOf({ metadata }: Pod): string {
  return `${metadata?.namespace}/${metadata?.name}`;
}

/** A scrape of a pod's proxy, Prometheus' text. Throws KubeError where the proxy cannot be reached. */
export async function scrapeProxy(client: KubeClient, pod: Pod): Promise<string> {
  const ports = proxyOf(pod)?.ports ?? [];
  const port = ports.find(({ name }) => name === "linkerd-admin")?.containerPort ?? ADMIN_PORT;
  return await scrape(client, { pod, port });
}

/** A scrape of any port of a pod, Prometheus' text. Throws KubeError where nobody answers there. */
export async function scrape(
  client: KubeClient,
  { pod, port }: { readonly pod: Pod; readonly port: number },
): Promise<string> {
  const path = resourcePath(PODS, { namespace: pod.metadata?.namespace });
  return await client.text(`${path}/${pod.metadata?.name}:${port}/proxy/metrics`);
}

/** Runs `work` for all, a few at a time, and keeps their order. */
export async function inParallel<T, R>(
  all: readonly T[],
  work: (one: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let at = next++; at < all.length; at = next++) {
      const one = all[at];
      if (one !== undefined) results[at] = await work(one);
    }
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL, all.length) }, worker));
  return results;
}
