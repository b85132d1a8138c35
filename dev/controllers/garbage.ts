/** Owner garbage collection: what belongs to an object that is gone goes too. */

import type { Informer } from "#lib/k8s/informer.ts";
import {
  CONFIG_MAPS,
  DAEMON_SETS,
  DEPLOYMENTS,
  ENDPOINT_SLICES,
  JOBS,
  NODES,
  PODS,
  REPLICA_SETS,
  type Resource,
  SECRETS,
  SERVICE_ACCOUNTS,
  SERVICES,
  STATEFUL_SETS,
} from "#lib/k8s/resource.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import { type Context, type Controller, from, startController } from "./context.ts";

/** Kinds whose objects may own, and be owned. */
const KINDS: readonly Resource[] = [
  DEPLOYMENTS,
  REPLICA_SETS,
  DAEMON_SETS,
  STATEFUL_SETS,
  JOBS,
  SERVICES,
  PODS,
  ENDPOINT_SLICES,
  CONFIG_MAPS,
  SECRETS,
  SERVICE_ACCOUNTS,
];
const OWNERS: readonly Resource[] = [...KINDS, NODES];
const FOREGROUND = "foregroundDeletion";
const ORPHAN = "orphan";

/** Starts the controller. */
export function startGarbageCollector(context: Context): Controller {
  const {
    deployments,
    replicaSets,
    daemonSets,
    statefulSets,
    jobs,
    services,
    pods,
    nodes,
    endpointSlices,
  } = context.informers;
  const informers: readonly Informer<KubeObject>[] = [
    deployments,
    replicaSets,
    daemonSets,
    statefulSets,
    jobs,
    services,
    pods,
    nodes,
    endpointSlices,
  ];
  return startController(context, {
    name: "garbage",
    sources: informers.map((informer) =>
      from(informer, (object) => [ownKey(object), ...ownerKeys(object)]),
    ),
    reconcile: (key) => reconcile(context, key),
  });
}

/** `kind|namespace|name|uid` of an owner. Objects of an informer may lack their kind: the uid is enough. */
function ownKey(object: KubeObject): string {
  const { name, namespace = "", uid } = object.metadata ?? {};
  return [object.kind ?? "", namespace, name, uid].join("|");
}

function ownerKeys(object: KubeObject): string[] {
  const { ownerReferences = [], namespace = "" } = object.metadata ?? {};
  return ownerReferences.map(({ kind, name, uid }) => [kind, namespace, name, uid].join("|"));
}

async function reconcile(context: Context, key: string): Promise<void> {
  const { client } = context;
  const [kind = "", namespace = "", name = "", uid = ""] = key.split("|");
  const resource = OWNERS.find((each) => each.kind === kind);
  if (resource === undefined || name === "") return;
  const found = await client.get(resource, { name, ...(resource.namespaced && { namespace }) });
  const owner = found?.metadata?.uid === uid ? found : undefined;
  const finalizers = owner?.metadata?.finalizers ?? [];
  const deleting = owner?.metadata?.deletionTimestamp !== undefined;
  const foreground = deleting && finalizers.includes(FOREGROUND);
  const orphan = deleting && finalizers.includes(ORPHAN);
  if (owner !== undefined && !foreground && !orphan) return;
  const dependents = await dependentsOf(context, { namespace, uid });
  for (const { resource: theirs, object } of dependents)
    await letGo(context, { resource: theirs, object, uid, keep: orphan });
  if (owner === undefined || (foreground && dependents.length > 0)) return;
  const kept = finalizers.filter((each) => each !== FOREGROUND && each !== ORPHAN);
  await client.patch(
    resource,
    { name, namespace },
    { type: "merge", body: { metadata: { finalizers: kept } } },
  );
}

async function dependentsOf(
  { client }: Context,
  { namespace, uid }: { readonly namespace: string; readonly uid: string },
): Promise<{ readonly resource: Resource; readonly object: KubeObject }[]> {
  const lists = await Promise.all(
    KINDS.map(async (resource) => {
      const { items } = await client.list(resource, namespace === "" ? {} : { namespace });
      return items.map((object) => ({ resource, object }));
    }),
  );
  return lists
    .flat()
    .filter(
      ({ object }) => object.metadata?.ownerReferences?.some((owner) => owner.uid === uid) === true,
    );
}

/** Takes the owner's reference away where the object has others or is to be kept; deletes it otherwise. */
async function letGo(
  { client }: Context,
  {
    resource,
    object,
    uid,
    keep,
  }: {
    readonly resource: Resource;
    readonly object: KubeObject;
    readonly uid: string;
    readonly keep: boolean;
  },
): Promise<void> {
  const { name = "", namespace, ownerReferences = [] } = object.metadata ?? {};
  const others = ownerReferences.filter((owner) => owner.uid !== uid);
  if (keep || others.length > 0)
    await client.patch(
      resource,
      { name, namespace },
      { type: "merge", body: { metadata: { ownerReferences: others } } },
    );
  else if (object.metadata?.deletionTimestamp === undefined)
    await client.delete(resource, { name, namespace });
}
