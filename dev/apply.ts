/** Applies objects as `kubectl apply --server-side` does, and waits for workloads to be ready. */

import type { KubeClient } from "#lib/k8s/client.ts";
import { discoverResource } from "#lib/k8s/discovery.ts";
import { KubeError } from "#lib/k8s/kube-error.ts";
import { DAEMON_SETS, DEPLOYMENTS, type Resource } from "#lib/k8s/resource.ts";
import type { DaemonSet, Deployment } from "#lib/k8s/types/apps.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import type { Clock } from "#lib/time/clock.ts";

const MANAGER = "bunkerd-dev";
/** How often a workload is looked at, in milliseconds. */
const LOOK_MS = 100;

/** Applies in order. Throws with the object that the API refuses. */
export async function applyAll(client: KubeClient, objects: readonly KubeObject[]): Promise<void> {
  const known = new Map<string, Resource | undefined>();
  for (const object of objects) {
    const { apiVersion = "", kind = "", metadata } = object;
    const key = `${apiVersion} ${kind}`;
    if (!known.has(key)) known.set(key, await find(client, { apiVersion, kind }));
    const resource = known.get(key);
    if (resource === undefined) throw new Error(`Cannot apply ${kind}: the API serves no ${key}`);
    const namespace = resource.namespaced ? (metadata?.namespace ?? "default") : undefined;
    const patch = { type: "apply", body: object, fieldManager: MANAGER, force: true } as const;
    await client.patch(resource, { name: metadata?.name ?? "", namespace }, patch);
  }
}

async function find(
  client: KubeClient,
  wanted: { readonly apiVersion: string; readonly kind: string },
): Promise<Resource | undefined> {
  try {
    return await discoverResource(client, wanted);
  } catch (error) {
    if (error instanceof KubeError && error.code === "not-found") return undefined;
    throw error;
  }
}

/** A workload to wait for. */
export type Workload = {
  readonly kind: "Deployment" | "DaemonSet";
  readonly namespace: string;
  readonly name: string;
};

/** The Deployments and DaemonSets among objects. */
export function workloadsOf(objects: readonly KubeObject[]): Workload[] {
  return objects.flatMap(({ kind, metadata }) =>
    kind === "Deployment" || kind === "DaemonSet"
      ? [{ kind, namespace: metadata?.namespace ?? "default", name: metadata?.name ?? "" }]
      : [],
  );
}

/** Waits until all replicas of each are updated and ready. Throws with the first that is not after `timeoutMs`. */
export async function waitReady(
  client: KubeClient,
  workloads: readonly Workload[],
  { clock, timeoutMs }: { readonly clock: Clock; readonly timeoutMs: number },
): Promise<void> {
  const end = clock.now() + timeoutMs;
  for (const workload of workloads)
    for (;;) {
      const missing = await lacks(client, workload);
      if (missing === undefined) break;
      if (clock.now() > end)
        throw new Error(
          `Cannot wait longer for ${workload.kind} ${workload.namespace}/${workload.name}: ${missing} after ${timeoutMs / 1000} s`,
        );
      const { promise, resolve } = Promise.withResolvers<void>();
      clock.after(LOOK_MS, resolve);
      await promise;
    }
}

async function lacks(client: KubeClient, { kind, ...name }: Workload): Promise<string | undefined> {
  if (kind === "Deployment") return deploymentLacks(await client.get(DEPLOYMENTS, name));
  return daemonSetLacks(await client.get(DAEMON_SETS, name));
}

function deploymentLacks(deployment: Deployment | undefined): string | undefined {
  if (deployment === undefined) return "it does not exist";
  const { metadata, spec, status } = deployment;
  const wanted = spec?.replicas ?? 1;
  if ((status?.observedGeneration ?? 0) < (metadata?.generation ?? 0)) return "it is not looked at";
  const { updatedReplicas = 0, availableReplicas = 0, replicas = 0 } = status ?? {};
  if (updatedReplicas === wanted && availableReplicas === wanted && replicas === wanted)
    return undefined;
  return `${availableReplicas} of ${wanted} pods are available`;
}

function daemonSetLacks(set: DaemonSet | undefined): string | undefined {
  if (set === undefined) return "it does not exist";
  const { desiredNumberScheduled = 0, numberReady = 0 } = set.status ?? {};
  if (desiredNumberScheduled > 0 && numberReady === desiredNumberScheduled) return undefined;
  return `${numberReady} of ${desiredNumberScheduled} pods are ready`;
}
