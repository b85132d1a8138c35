/** ReplicaSets: as many pods of a template as they say. */

import { PODS, REPLICA_SETS } from "#lib/k8s/resource.ts";
import type { ReplicaSet } from "#lib/k8s/types/apps.ts";
import type { Pod } from "#lib/k8s/types/core.ts";
import {
  type Context,
  type Controller,
  controllerOf,
  from,
  keyOf,
  nameOf,
  ownerKey,
  startController,
} from "./context.ts";
import { newPod } from "./new-pod.ts";
import { availableIn, isGone, isReady } from "./pod-state.ts";
import { writeStatus } from "./status.ts";
import type { WorkQueue } from "./work-queue.ts";

/** Starts the controller. */
export function startReplicaSets(context: Context): Controller {
  const { replicaSets, pods } = context.informers;
  const expected = new Map<string, Set<string>>();
  return startController(context, {
    name: "replicaset",
    sources: [from(replicaSets, (set) => [keyOf(set)]), from(pods, ownerKey("ReplicaSet"))],
    reconcile: (key, queue) => reconcile(context, { key, queue, expected }),
  });
}

async function reconcile(
  context: Context,
  work: {
    readonly key: string;
    readonly queue: WorkQueue;
    readonly expected: Map<string, Set<string>>;
  },
): Promise<void> {
  const { client, informers } = context;
  const set = informers.replicaSets.get(nameOf(work.key));
  if (set === undefined || set.metadata?.deletionTimestamp !== undefined) {
    work.expected.delete(work.key);
    return;
  }
  const uid = set.metadata?.uid;
  const known = informers.pods.list().filter((pod) => controllerOf(pod)?.uid === uid);
  // Pods that were made or deleted and that the informer has not told yet: without them there would be too many.
  const pending = work.expected.get(work.key) ?? new Set<string>();
  work.expected.set(work.key, pending);
  for (const pod of known) pending.delete(`+${pod.metadata?.name}`);
  const names = new Set(known.map((pod) => pod.metadata?.name));
  for (const mark of pending)
    if (mark.startsWith("-") && !names.has(mark.slice(1))) pending.delete(mark);
  const alive = known.filter((pod) => !isGone(pod) && !pending.has(`-${pod.metadata?.name}`));
  const coming = [...pending].filter((mark) => mark.startsWith("+")).length;
  const wanted = set.spec?.replicas ?? 1;
  const missing = wanted - alive.length - coming;
  for (let made = 0; made < missing; made++) {
    const pod = await client.create(
      PODS,
      newPod(set, { apiVersion: "apps/v1", kind: "ReplicaSet" }, { template: set.spec?.template }),
    );
    pending.add(`+${pod.metadata?.name}`);
  }
  if (missing < 0)
    for (const pod of leastUseful(alive).slice(0, -missing)) {
      pending.add(`-${pod.metadata?.name}`);
      const { name = "", namespace } = pod.metadata ?? {};
      await client.delete(PODS, { name, namespace });
    }
  await report(context, { set, pods: alive, work });
}

/** Pods in the order in which they may go: not scheduled, not ready, youngest. */
function leastUseful(pods: readonly Pod[]): Pod[] {
  const rank = (pod: Pod): string =>
    [
      pod.spec?.nodeName === undefined ? 0 : 1,
      isReady(pod) ? 1 : 0,
      Number.MAX_SAFE_INTEGER - Date.parse(String(pod.metadata?.creationTimestamp ?? 0)),
      pod.metadata?.name,
    ].join("/");
  return pods.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1));
}

async function report(
  { client, clock }: Context,
  {
    set,
    pods,
    work,
  }: {
    readonly set: ReplicaSet;
    readonly pods: readonly Pod[];
    readonly work: { readonly key: string; readonly queue: WorkQueue };
  },
): Promise<void> {
  const minReadySeconds = set.spec?.minReadySeconds ?? 0;
  const waits = pods.map((pod) => availableIn(pod, { minReadySeconds, wallMs: clock.wall() }));
  const soonest = Math.min(
    ...waits.flatMap((wait) => (wait === undefined || wait === 0 ? [] : [wait])),
  );
  if (Number.isFinite(soonest)) work.queue.addAfter(work.key, soonest);
  const status = {
    replicas: pods.length,
    fullyLabeledReplicas: pods.length,
    readyReplicas: pods.filter(isReady).length,
    availableReplicas: waits.filter((wait) => wait === 0).length,
    observedGeneration: set.metadata?.generation ?? 0,
  };
  await writeStatus(client, REPLICA_SETS, { object: set, status });
}
