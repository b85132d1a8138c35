/** Deployments: a ReplicaSet for each template, rolled from one to the next. */

import { DEPLOYMENTS, REPLICA_SETS } from "#lib/k8s/resource.ts";
import type { Deployment, ReplicaSet } from "#lib/k8s/types/apps.ts";
import {
  type Context,
  type Controller,
  controllerOf,
  from,
  keyOf,
  nameOf,
  ownedBy,
  ownerKey,
  startController,
} from "./context.ts";
import { deploymentStatus } from "./deployment-status.ts";
import { isEnded } from "./pod-state.ts";
import { nextStep, type RolloutSet } from "./rollout.ts";
import { sameJson, writeStatus } from "./status.ts";
import { templateHash } from "./template-hash.ts";
import type { WorkQueue } from "./work-queue.ts";

/** Where kubectl looks for the number of a rollout. */
const REVISION = "deployment.kubernetes.io/revision";
const HASH = "pod-template-hash";

/** Starts the controller. */
export function startDeployments(context: Context): Controller {
  const { deployments, replicaSets, pods } = context.informers;
  return startController(context, {
    name: "deployment",
    sources: [
      from(deployments, (deployment) => [keyOf(deployment)]),
      from(replicaSets, ownerKey("Deployment")),
      // Recreate waits for the last old pod.
      from(pods, (pod) => {
        const set = controllerOf(pod);
        const namespace = pod.metadata?.namespace;
        const owner = set && replicaSets.get({ name: set.name, namespace });
        return owner === undefined ? [] : ownerKey("Deployment")(owner);
      }),
    ],
    reconcile: (key, queue) => reconcile(context, { key, queue }),
  });
}

async function reconcile(
  context: Context,
  { key, queue }: { readonly key: string; readonly queue: WorkQueue },
): Promise<void> {
  const { informers, client, clock } = context;
  const deployment = informers.deployments.get(nameOf(key));
  if (deployment === undefined || deployment.metadata?.deletionTimestamp !== undefined) return;
  const owned = informers.replicaSets
    .list()
    .filter((set) => controllerOf(set)?.uid === deployment.metadata?.uid);
  const newest = owned.find((set) => isOf(set, deployment));
  const paused = deployment.spec?.paused === true;
  if (newest === undefined) {
    if (!paused) await createSet(context, deployment, owned);
    return;
  }
  const revision = await keepRevision(context, { deployment, newest, owned });
  if (!paused || owned.length === 1)
    await roll(context, { deployment, newest, old: owned.filter((set) => set !== newest) });
  const { status, checkAgainMs } = deploymentStatus({
    deployment,
    newest,
    all: owned,
    wallMs: clock.wall(),
  });
  if (checkAgainMs !== undefined) queue.addAfter(key, checkAgainMs);
  if (deployment.metadata?.annotations?.[REVISION] !== revision) {
    const { name = "", namespace } = deployment.metadata ?? {};
    await client.patch(
      DEPLOYMENTS,
      { name, namespace },
      { type: "merge", body: { metadata: { annotations: { [REVISION]: revision } } } },
    );
  }
  await writeStatus(client, DEPLOYMENTS, { object: deployment, status });
  await forgetOld(context, { deployment, old: owned.filter((set) => set !== newest) });
}

function isOf(set: ReplicaSet, deployment: Deployment): boolean {
  const { labels: { [HASH]: _, ...labels } = {}, ...metadata } = set.spec?.template?.metadata ?? {};
  const own = { ...set.spec?.template, metadata: { ...metadata, labels } };
  const wanted = deployment.spec?.template;
  return sameJson(own, {
    ...wanted,
    metadata: { ...wanted?.metadata, labels: wanted?.metadata?.labels ?? {} },
  });
}

async function createSet(
  context: Context,
  deployment: Deployment,
  owned: readonly ReplicaSet[],
): Promise<void> {
  const { name = "", namespace = "" } = deployment.metadata ?? {};
  const { template, selector, minReadySeconds } = deployment.spec ?? {};
  const hash = templateHash(template);
  const labels = { ...template?.metadata?.labels, [HASH]: hash };
  const set = {
    metadata: {
      name: `${name}-${hash}`,
      namespace,
      labels,
      annotations: { [REVISION]: String(lastRevision(owned) + 1) },
      ownerReferences: ownedBy(deployment, { apiVersion: "apps/v1", kind: "Deployment" }),
    },
    spec: {
      replicas: 0,
      ...(minReadySeconds !== undefined && { minReadySeconds }),
      selector: { ...selector, matchLabels: { ...selector?.matchLabels, [HASH]: hash } },
      template: { ...template, metadata: { ...template?.metadata, labels } },
    },
  };
  await context.client.create(REPLICA_SETS, set as ReplicaSet);
}

function lastRevision(sets: readonly ReplicaSet[]): number {
  return Math.max(0, ...sets.map((set) => Number(set.metadata?.annotations?.[REVISION] ?? 0)));
}

/** A set that is rolled back to becomes the newest revision. */
async function keepRevision(
  { client }: Context,
  {
    newest,
    owned,
  }: {
    readonly deployment: Deployment;
    readonly newest: ReplicaSet;
    readonly owned: readonly ReplicaSet[];
  },
): Promise<string> {
  const own = newest.metadata?.annotations?.[REVISION] ?? "";
  const others = lastRevision(owned.filter((set) => set !== newest));
  if (Number(own) > others) return own;
  const revision = String(others + 1);
  const { name = "", namespace } = newest.metadata ?? {};
  await client.patch(
    REPLICA_SETS,
    { name, namespace },
    { type: "merge", body: { metadata: { annotations: { [REVISION]: revision } } } },
  );
  return revision;
}

async function roll(
  { client, informers }: Context,
  {
    deployment,
    newest,
    old,
  }: {
    readonly deployment: Deployment;
    readonly newest: ReplicaSet;
    readonly old: readonly ReplicaSet[];
  },
): Promise<void> {
  const { strategy, replicas = 1 } = deployment.spec ?? {};
  const uids = new Set(old.map((set) => set.metadata?.uid));
  const oldPods = informers.pods
    .list()
    .filter((pod) => uids.has(controllerOf(pod)?.uid) && !isEnded(pod)).length;
  const request = {
    replicas,
    recreate: strategy?.type === "Recreate",
    maxSurge: (strategy?.rollingUpdate?.maxSurge ?? "25%") as number | string,
    maxUnavailable: (strategy?.rollingUpdate?.maxUnavailable ?? "25%") as number | string,
  };
  const steps = nextStep(request, { newest: stateOf(newest), old: old.map(stateOf), oldPods });
  const namespace = deployment.metadata?.namespace;
  for (const [name, count] of steps)
    await client.patch(
      REPLICA_SETS,
      { name, namespace },
      { type: "merge", body: { spec: { replicas: count } } },
    );
}

function stateOf(set: ReplicaSet): RolloutSet {
  return {
    name: set.metadata?.name ?? "",
    desired: set.spec?.replicas ?? 0,
    available: set.status?.availableReplicas ?? 0,
  };
}

async function forgetOld(
  { client }: Context,
  { deployment, old }: { readonly deployment: Deployment; readonly old: readonly ReplicaSet[] },
): Promise<void> {
  const idle = old
    .filter((set) => (set.spec?.replicas ?? 0) === 0 && (set.status?.replicas ?? 0) === 0)
    .toSorted((a, b) => lastRevision([a]) - lastRevision([b]));
  const excess = idle.length - (deployment.spec?.revisionHistoryLimit ?? 10);
  for (const set of idle.slice(0, Math.max(0, excess)))
    await client.delete(REPLICA_SETS, {
      name: set.metadata?.name ?? "",
      namespace: set.metadata?.namespace,
    });
}
