/** StatefulSets: pods with numbers, made in order and replaced from the last one. Volumes are the pods' own affair. */

import { PODS, STATEFUL_SETS } from "#lib/k8s/resource.ts";
import type { StatefulSet } from "#lib/k8s/types/apps.ts";
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
import { isEnded, isReady } from "./pod-state.ts";
import { writeStatus } from "./status.ts";
import { templateHash } from "./template-hash.ts";

const HASH = "controller-revision-hash";

/** Starts the controller. */
export function startStatefulSets(context: Context): Controller {
  const { statefulSets, pods } = context.informers;
  return startController(context, {
    name: "statefulset",
    sources: [from(statefulSets, (set) => [keyOf(set)]), from(pods, ownerKey("StatefulSet"))],
    reconcile: (key) => reconcile(context, key),
  });
}

async function reconcile({ client, informers }: Context, key: string): Promise<void> {
  const set = informers.statefulSets.get(nameOf(key));
  if (set === undefined || set.metadata?.deletionTimestamp !== undefined) return;
  const name = set.metadata?.name ?? "";
  const hash = `${name}-${templateHash(set.spec?.template)}`;
  const { items } = await client.list(PODS, { namespace: set.metadata?.namespace });
  const own = new Map(
    items
      .filter((pod) => controllerOf(pod)?.uid === set.metadata?.uid)
      .map((pod) => [pod.metadata?.name, pod]),
  );
  await step(client, { set, hash, own });
  const alive = [...own.values()].filter((pod) => pod.metadata?.deletionTimestamp === undefined);
  const ready = alive.filter(isReady).length;
  const updated = alive.filter((pod) => pod.metadata?.labels?.[HASH] === hash).length;
  const status = {
    observedGeneration: set.metadata?.generation ?? 0,
    replicas: alive.length,
    readyReplicas: ready,
    availableReplicas: ready,
    currentReplicas: updated,
    updatedReplicas: updated,
    currentRevision: hash,
    updateRevision: hash,
  };
  await writeStatus(client, STATEFUL_SETS, { object: set, status });
}

/** One thing at a time: what is too much, then what is missing, then what is old. */
async function step(
  client: Context["client"],
  {
    set,
    hash,
    own,
  }: {
    readonly set: StatefulSet;
    readonly hash: string;
    readonly own: ReadonlyMap<string | undefined, Pod>;
  },
): Promise<void> {
  const { name = "" } = set.metadata ?? {};
  const wanted = Array.from({ length: set.spec?.replicas ?? 1 }, (_, index) => `${name}-${index}`);
  for (const [podName, pod] of own) if (!wanted.includes(podName ?? "")) await remove(client, pod);
  const ordered = set.spec?.podManagementPolicy !== "Parallel";
  for (const [index, podName] of wanted.entries()) {
    const pod = own.get(podName);
    if (pod === undefined) await client.create(PODS, podOf(set, { name: podName, index, hash }));
    else if (isEnded(pod)) await remove(client, pod);
    if (ordered && (pod === undefined || !isReady(pod))) return;
  }
  await removeLastOld(client, { wanted, hash, own });
}

async function removeLastOld(
  client: Context["client"],
  how: {
    readonly wanted: readonly string[];
    readonly hash: string;
    readonly own: ReadonlyMap<string | undefined, Pod>;
  },
): Promise<void> {
  const { wanted, hash, own } = how;
  const old = wanted
    .toReversed()
    .find((podName) => own.get(podName)?.metadata?.labels?.[HASH] !== hash);
  const pod = own.get(old);
  if (pod !== undefined) await remove(client, pod);
}

async function remove(client: Context["client"], { metadata }: Pod): Promise<void> {
  if (metadata?.deletionTimestamp === undefined)
    await client.delete(PODS, { name: metadata?.name ?? "", namespace: metadata?.namespace });
}

function podOf(
  set: StatefulSet,
  { name, index, hash }: { readonly name: string; readonly index: number; readonly hash: string },
): Pod {
  const labels = {
    [HASH]: hash,
    "statefulset.kubernetes.io/pod-name": name,
    "apps.kubernetes.io/pod-index": String(index),
  };
  const pod = newPod(
    set,
    { apiVersion: "apps/v1", kind: "StatefulSet" },
    { template: set.spec?.template, labels, name },
  );
  if (pod.spec !== undefined) {
    pod.spec.hostname = name;
    if (set.spec?.serviceName !== undefined) pod.spec.subdomain = set.spec.serviceName;
  }
  return pod;
}
