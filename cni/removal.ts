/** Whether the agent is taken from the cluster for good, or only ends to come back. */

import type { KubeClient } from "#lib/k8s/client.ts";
import { type Informer, startInformer } from "#lib/k8s/informer.ts";
import { DAEMON_SETS } from "#lib/k8s/resource.ts";
import type { DaemonSet } from "#lib/k8s/types/apps.ts";
import type { Namespace } from "#lib/k8s/types/core.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import type { Logger } from "#lib/log/logger.ts";
import type { Clock } from "#lib/time/clock.ts";

/** The DaemonSet that runs the agents, in their namespace. */
const NAME = "linkerd-cni";

/** What watching needs. */
export interface RemovalOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  /** The agent's namespace; empty where it is no pod, and then nobody takes it away but by hand. */
  readonly namespace: string;
  readonly namespaces: Pick<Informer<Namespace>, "get" | "synced">;
}

/** Watches the DaemonSet and its namespace. */
export class Removal {
  readonly #options: RemovalOptions;
  readonly #daemonSets: Informer<DaemonSet> | undefined;
  #synced = false;

  constructor(options: RemovalOptions) {
    this.#options = options;
    const { namespace } = options;
    if (namespace === "") return;
    const fieldSelector = `metadata.name=${NAME}`;
    this.#daemonSets = startInformer({
      ...options,
      resource: DAEMON_SETS,
      namespace,
      fieldSelector,
    });
    // What is not listed yet looks the same as what was deleted.
    void Promise.all([this.#daemonSets.synced, options.namespaces.synced]).then(() => {
      this.#synced = true;
    });
  }

  /** True only where the API has said so: an API that is away, or forbids to look, is no reason to remove anything. */
  get isFinal(): boolean {
    const { namespace, namespaces } = this.#options;
    if (!this.#synced) return false;
    const daemonSet = this.#daemonSets?.get({ name: NAME, namespace });
    return isGoing(daemonSet) || isGoing(namespaces.get({ name: namespace }));
  }

  stop(): void {
    this.#daemonSets?.stop();
  }
}

const isGoing = (object: KubeObject | undefined): boolean =>
  object === undefined || object.metadata?.deletionTimestamp !== undefined;
