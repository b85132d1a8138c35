/** DaemonSets: one pod on each node, replaced when the template changes. */

import { DAEMON_SETS, PODS } from "#lib/k8s/resource.ts";
import type { DaemonSet } from "#lib/k8s/types/apps.ts";
import type { Node, Pod } from "#lib/k8s/types/core.ts";
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
export function startDaemonSets(context: Context): Controller {
  const { daemonSets, pods, nodes } = context.informers;
  return startController(context, {
    name: "daemonset",
    sources: [
      from(daemonSets, (set) => [keyOf(set)]),
      from(pods, ownerKey("DaemonSet")),
      from(nodes, () => daemonSets.list().map(keyOf)),
    ],
    reconcile: (key) => reconcile(context, key),
  });
}

async function reconcile(context: Context, key: string): Promise<void> {
  const { client, informers } = context;
  const set = informers.daemonSets.get(nameOf(key));
  if (set === undefined || set.metadata?.deletionTimestamp !== undefined) return;
  const hash = templateHash(set.spec?.template);
  const nodes = informers.nodes.list().filter((node) => fits(node, set));
  // From the API itself: pods made just now are not in the informer yet.
  const { items } = await client.list(PODS, { namespace: set.metadata?.namespace });
  const own = items.filter((pod) => controllerOf(pod)?.uid === set.metadata?.uid);
  for (const node of nodes) await onNode(context, { set, node, hash, pods: own });
  const kept = new Set(nodes.map((node) => node.metadata?.name));
  for (const pod of own) if (!kept.has(pod.spec?.nodeName)) await remove(context, pod);
  const alive = own.filter((pod) => pod.metadata?.deletionTimestamp === undefined);
  const ready = alive.filter(isReady).length;
  const status = {
    currentNumberScheduled: alive.length,
    desiredNumberScheduled: nodes.length,
    numberMisscheduled: 0,
    numberReady: ready,
    numberAvailable: ready,
    ...(nodes.length > ready && { numberUnavailable: nodes.length - ready }),
    updatedNumberScheduled: alive.filter((pod) => pod.metadata?.labels?.[HASH] === hash).length,
    observedGeneration: set.metadata?.generation ?? 0,
  };
  await writeStatus(client, DAEMON_SETS, { object: set, status });
}

async function onNode(
  context: Context,
  {
    set,
    node,
    hash,
    pods,
  }: {
    readonly set: DaemonSet;
    readonly node: Node;
    readonly hash: string;
    readonly pods: readonly Pod[];
  },
): Promise<void> {
  const here = pods.filter((pod) => pod.spec?.nodeName === node.metadata?.name);
  for (const pod of here) {
    const isOld =
      pod.metadata?.labels?.[HASH] !== hash && set.spec?.updateStrategy?.type !== "OnDelete";
    if (isEnded(pod) || isOld) await remove(context, pod);
  }
  // The old pod goes first, as maxUnavailable 1 has it: two would fight for the node's ports.
  if (here.length > 0) return;
  const pod = newPod(
    set,
    { apiVersion: "apps/v1", kind: "DaemonSet" },
    { template: set.spec?.template, labels: { [HASH]: hash } },
  );
  if (pod.spec !== undefined) {
    pod.spec.nodeName = node.metadata?.name ?? "";
    pod.spec.tolerations = [
      ...(pod.spec.tolerations ?? []),
      { operator: "Exists", effect: "NoSchedule", key: "node.kubernetes.io/unschedulable" },
    ];
  }
  await context.client.create(PODS, pod);
}

async function remove({ client }: Context, pod: Pod): Promise<void> {
  if (pod.metadata?.deletionTimestamp !== undefined) return;
  await client.delete(PODS, { name: pod.metadata?.name ?? "", namespace: pod.metadata?.namespace });
}

function fits(node: Node, set: DaemonSet): boolean {
  const labels = node.metadata?.labels ?? {};
  const wanted = Object.entries(set.spec?.template?.spec?.nodeSelector ?? {});
  return wanted.every(([name, value]) => labels[name] === value);
}
