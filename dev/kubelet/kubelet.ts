/** The kubelet of a node: a worker for each pod bound to it, and the node's own object. */

import { type Informer, startInformer } from "#lib/k8s/informer.ts";
import { CONFIG_MAPS, NODES, PODS, SECRETS } from "#lib/k8s/resource.ts";
import type { Node, Pod } from "#lib/k8s/types/core.ts";
import type { NodeApi } from "#lib/kube-api/node-api.ts";
import type { KubeletNode } from "./node.ts";
import { createNodeApi } from "./node-sessions.ts";
import { PodWorker } from "./pod-worker.ts";

/** A kubelet at work. */
export interface Kubelet {
  readonly api: NodeApi;
  /** Ends all pods within this time and lets go of everything. */
  stop(graceMs: number): Promise<void>;
}

/** Everything of a node but what the kubelet itself watches. */
export type KubeletOptions = Omit<KubeletNode, "configMap" | "secret"> & {
  readonly version: string;
};

/** Registers the node and runs its pods. */
export async function startKubelet(options: KubeletOptions): Promise<Kubelet> {
  const { client, clock, logger, name } = options;
  const watch = { client, clock, logger, random: Math.random };
  const configMaps = startInformer({ ...watch, resource: CONFIG_MAPS });
  const secrets = startInformer({ ...watch, resource: SECRETS });
  await Promise.all([configMaps.synced, secrets.synced]);
  await client.create(NODES, nodeObject(options));
  const pods = startInformer({ ...watch, resource: PODS, fieldSelector: `spec.nodeName=${name}` });
  const node: KubeletNode = {
    ...options,
    configMap: (named) => configMaps.get(named),
    secret: (named) => secrets.get(named),
  };
  return new PodManager(node, { pods, others: [configMaps, secrets] });
}

type Watches = {
  readonly pods: Informer<Pod>;
  readonly others: readonly { stop(): void }[];
};

class PodManager implements Kubelet {
  readonly api: NodeApi;
  readonly #node: KubeletNode;
  readonly #watches: Watches;
  readonly #workers = new Map<string, PodWorker>();

  constructor(node: KubeletNode, watches: Watches) {
    this.#node = node;
    this.#watches = watches;
    this.api = createNodeApi({
      clock: node.clock,
      netns: node.netns,
      find: (pod) => this.#find(pod),
    });
    watches.pods.subscribe(({ type, object }) => {
      if (type === "deleted") this.#workers.get(uidOf(object))?.forget();
      else this.#take(object);
    });
  }

  async stop(graceMs: number): Promise<void> {
    this.#watches.pods.stop();
    const workers = [...this.#workers.values()];
    for (const worker of workers) worker.stop(graceMs);
    await Promise.all(workers.map(({ done }) => done));
    for (const other of this.#watches.others) other.stop();
  }

  #take(pod: Pod): void {
    const uid = uidOf(pod);
    const worker = this.#workers.get(uid);
    if (worker !== undefined) {
      worker.update(pod);
      return;
    }
    const started = new PodWorker(this.#node, pod);
    this.#workers.set(uid, started);
    started.done.then(
      () => this.#workers.delete(uid),
      (error: unknown) => this.#node.logger.error("pod lost", { uid, error: String(error) }),
    );
  }

  #find({
    namespace,
    pod,
  }: {
    readonly namespace: string;
    readonly pod: string;
  }): PodWorker | undefined {
    const found = this.#watches.pods.get({ name: pod, namespace });
    return found && this.#workers.get(uidOf(found));
  }
}

const uidOf = ({ metadata }: Pod): string => metadata?.uid ?? "";

function nodeObject({ name, ips, version, clock }: KubeletOptions): Node {
  const now = new Date(clock.wall()).toISOString();
  const amounts = { cpu: String(navigator.hardwareConcurrency), pods: "110" };
  return {
    metadata: {
      name,
      labels: { "kubernetes.io/hostname": name, "kubernetes.io/os": "linux" },
    },
    spec: {},
    status: {
      capacity: amounts,
      allocatable: amounts,
      addresses: [
        ...ips.map((address) => ({ type: "InternalIP", address })),
        { type: "Hostname", address: name },
      ],
      conditions: [
        {
          ...{ type: "Ready", status: "True", reason: "KubeletReady" },
          ...{ lastHeartbeatTime: now, lastTransitionTime: now, message: "dev mode" },
        },
      ],
      nodeInfo: {
        ...{
          architecture: process.arch === "x64" ? "amd64" : process.arch,
          bootID: "",
          machineID: "",
        },
        ...{
          containerRuntimeVersion: `bunkerd://${version}`,
          kernelVersion: "",
          osImage: "dev mode",
        },
        ...{
          kubeProxyVersion: "",
          kubeletVersion: "v1.36.0",
          operatingSystem: "linux",
          systemUUID: "",
        },
      },
    },
  };
}
