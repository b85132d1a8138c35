/** What every controller is given, and how it starts. */

import type { KubeClient } from "#lib/k8s/client.ts";
import type { Informer } from "#lib/k8s/informer.ts";
import type { ObjectName } from "#lib/k8s/resource.ts";
import type { DaemonSet, Deployment, ReplicaSet, StatefulSet } from "#lib/k8s/types/apps.ts";
import type { Job } from "#lib/k8s/types/batch.ts";
import type {
  ConfigMap,
  Namespace,
  Node,
  Pod,
  Service,
  ServiceAccount,
} from "#lib/k8s/types/core.ts";
import type { EndpointSlice } from "#lib/k8s/types/discovery.ts";
import type { KubeObject, OwnerReference } from "#lib/k8s/types/meta.ts";
import type { Logger } from "#lib/log/logger.ts";
import type { Clock } from "#lib/time/clock.ts";
import { startWorkQueue, type WorkQueue } from "./work-queue.ts";

/** Informers that the controllers share. */
export interface Informers {
  readonly namespaces: Informer<Namespace>;
  readonly nodes: Informer<Node>;
  readonly pods: Informer<Pod>;
  readonly services: Informer<Service>;
  readonly serviceAccounts: Informer<ServiceAccount>;
  readonly configMaps: Informer<ConfigMap>;
  readonly deployments: Informer<Deployment>;
  readonly replicaSets: Informer<ReplicaSet>;
  readonly daemonSets: Informer<DaemonSet>;
  readonly statefulSets: Informer<StatefulSet>;
  readonly jobs: Informer<Job>;
  readonly endpointSlices: Informer<EndpointSlice>;
}

/** What a controller works with. */
export interface Context {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  /** 0 to 1. */
  readonly random: () => number;
  readonly informers: Informers;
}

/** A controller that can be stopped. */
export interface Controller {
  stop(): void;
}

/** `namespace/name`. */
export function keyOf(object: KubeObject): string {
  return `${object.metadata?.namespace ?? ""}/${object.metadata?.name ?? ""}`;
}

/** The name in a key. */
export function nameOf(key: string): ObjectName & { readonly namespace: string } {
  const [namespace = "", name = ""] = key.split("/", 2);
  return { namespace, name };
}

/** The reference of the controller that owns an object. */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata?.ownerReferences?.find(({ controller }) => controller === true);
}

/** Makes `owner` the controller of what is created. */
export function ownedBy(
  owner: KubeObject,
  kind: { readonly apiVersion: string; readonly kind: string },
): OwnerReference[] {
  const { name = "", uid = "" } = owner.metadata ?? {};
  return [{ ...kind, name, uid, controller: true, blockOwnerDeletion: true }];
}

/** Runs `reconcile` for each key that one of the informers touches, once now for all and at each change. */
export function startController(
  context: Context,
  options: {
    readonly name: string;
    readonly reconcile: (key: string, queue: WorkQueue) => Promise<void>;
    readonly sources: readonly Source[];
  },
): Controller {
  const { clock, logger, random } = context;
  const queue = startWorkQueue({
    name: options.name,
    clock,
    logger,
    random,
    reconcile: (key) => options.reconcile(key, queue),
  });
  const unsubscribe = options.sources.map((source) => source((key) => queue.add(key)));
  return {
    stop: () => {
      for (const each of unsubscribe) each();
      queue.stop();
    },
  };
}

/** Feeds keys to a queue; returns the way to stop. */
export type Source = (add: (key: string) => void) => () => void;

/** Keys of an informer's objects, as `keys` tells them for the present and the former state. */
export function from<T extends KubeObject>(
  informer: Informer<T>,
  keys: (object: T) => readonly string[],
): Source {
  return (add) => {
    for (const object of informer.list()) for (const key of keys(object)) add(key);
    return informer.subscribe(({ object, previous }) => {
      const touched = new Set([...keys(object), ...(previous === undefined ? [] : keys(previous))]);
      for (const key of touched) add(key);
    });
  };
}

/** The key of the controller of a kind that owns an object. */
export function ownerKey(kind: string): (object: KubeObject) => readonly string[] {
  return (object) => {
    const owner = controllerOf(object);
    return owner?.kind === kind ? [`${object.metadata?.namespace ?? ""}/${owner.name}`] : [];
  };
}
