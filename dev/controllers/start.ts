/** Starts the controllers of a cluster: what kube-controller-manager and the scheduler do elsewhere. */

import type { KubeClient } from "#lib/k8s/client.ts";
import { type Informer, startInformer } from "#lib/k8s/informer.ts";
import {
  CONFIG_MAPS,
  DAEMON_SETS,
  DEPLOYMENTS,
  ENDPOINT_SLICES,
  JOBS,
  NAMESPACES,
  NODES,
  PODS,
  REPLICA_SETS,
  type Resource,
  SERVICE_ACCOUNTS,
  SERVICES,
  STATEFUL_SETS,
} from "#lib/k8s/resource.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import type { Logger } from "#lib/log/logger.ts";
import type { Clock } from "#lib/time/clock.ts";
import type { Controller, Informers } from "./context.ts";
import { startDaemonSets } from "./daemon-set.ts";
import { startDeployments } from "./deployment.ts";
import { startEndpoints } from "./endpoints.ts";
import { startGarbageCollector } from "./garbage.ts";
import { startJobs } from "./job.ts";
import { startNamespaces } from "./namespace.ts";
import { startReplicaSets } from "./replica-set.ts";
import { startScheduler } from "./scheduler.ts";
import { startStatefulSets } from "./stateful-set.ts";

/** What controllers need. */
export interface ControllersOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  /** 0 to 1. */
  readonly random: () => number;
  /** Written to `kube-root-ca.crt` in every namespace. */
  readonly rootCaPem: string;
}

/** Starts all controllers, each when the informers are filled. `stop` ends them and their informers. */
export function startControllers(options: ControllersOptions): Controller {
  const started: Controller[] = [];
  const all: Informer<never>[] = [];
  const start = <T extends KubeObject>(resource: Resource<T>): Informer<T> => {
    const { client, clock, logger, random } = options;
    const informer = startInformer({ client, resource, clock, logger, random });
    all.push(informer as unknown as Informer<never>);
    return informer;
  };
  const informers: Informers = {
    namespaces: start(NAMESPACES),
    nodes: start(NODES),
    pods: start(PODS),
    services: start(SERVICES),
    serviceAccounts: start(SERVICE_ACCOUNTS),
    configMaps: start(CONFIG_MAPS),
    deployments: start(DEPLOYMENTS),
    replicaSets: start(REPLICA_SETS),
    daemonSets: start(DAEMON_SETS),
    statefulSets: start(STATEFUL_SETS),
    jobs: start(JOBS),
    endpointSlices: start(ENDPOINT_SLICES),
  };
  let stopped = false;
  const context = { ...options, logger: options.logger.target("controllers"), informers };
  const begin = async (): Promise<void> => {
    await Promise.all(all.map(({ synced }) => synced));
    if (stopped) return;
    started.push(startNamespaces(context, options.rootCaPem));
    for (const controller of CONTROLLERS) started.push(controller(context));
  };
  begin().catch((error: unknown) =>
    context.logger.error("Cannot start controllers", { error: String(error) }),
  );
  return {
    stop: () => {
      stopped = true;
      for (const each of [...started, ...all]) each.stop();
    },
  };
}

const CONTROLLERS = [
  startReplicaSets,
  startDeployments,
  startDaemonSets,
  startStatefulSets,
  startJobs,
  startEndpoints,
  startGarbageCollector,
  startScheduler,
] as const;
