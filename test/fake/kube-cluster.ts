/** A cluster without machines: the API in memory, the controllers, and a kubelet that only pretends. */

import type { KubeClient } from "#lib/k8s/client.ts";
import { NAMESPACES, NODES, PODS } from "#lib/k8s/resource.ts";
import type { Pod } from "#lib/k8s/types/core.ts";
import type { KubeApi } from "#lib/kube-api/server.ts";
import { systemClock } from "#lib/sys/system-clock.ts";
import { startControllers } from "../../dev/controllers/start.ts";
import { FakeKubeApi, logger } from "./kube-api.ts";

/** A running cluster with one node and one namespace. */
export class FakeCluster {
  readonly namespace = "apps";
  readonly #fake: FakeKubeApi;
  readonly #stop: (() => void)[] = [];
  #address = 1;

  private constructor(fake: FakeKubeApi) {
    this.#fake = fake;
  }

  static async start(): Promise<FakeCluster> {
    const fake = await FakeKubeApi.start();
    const cluster = new FakeCluster(fake);
    const { client, store } = fake.api;
    cluster.#stop.push(
      store.subscribe(({ table, object, type }) => {
        if (table !== "pods" || type === "DELETED") return;
        // The pod may have changed again by then: the next event tells.
        cluster.#play(object as unknown as Pod).catch(() => undefined);
      }),
    );
    const options = { client, clock: systemClock, logger, random: Math.random, rootCaPem: "CA" };
    const controllers = startControllers(options);
    cluster.#stop.push(() => controllers.stop());
    await client.create(NODES, { metadata: { name: "node" } });
    await client.create(NAMESPACES, { metadata: { name: cluster.namespace } });
    return cluster;
  }

  get api(): KubeApi {
    return this.#fake.api;
  }

  get client(): KubeClient {
    return this.#fake.api.client;
  }

  /** A client that speaks through the API as a user does. */
  get admin(): KubeClient {
    return this.#fake.admin;
  }

  async pods(): Promise<Pod[]> {
    return (await this.client.list(PODS, { namespace: this.namespace })).items;
  }

  /** Waits for a state, looking again at each change. */
  async until<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
    const deadline = performance.now() + 5_000;
    for (;;) {
      const found = await look();
      if (found !== undefined && found !== false) return found as T;
      if (performance.now() > deadline) throw new Error(`Cannot see ${what}: not in time`);
      await this.#change();
    }
  }

  async noPods(): Promise<void> {
    await this.until("no pods", async () => (await this.pods()).length === 0);
  }

  stop(): void {
    for (const stop of this.#stop) stop();
    this.#fake.stop();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, 50);
      const stop = this.api.store.subscribe(done);
      function done(): void {
        clearTimeout(timer);
        stop();
        resolve();
      }
    });
  }

  /** Pods run and are ready at once; those that are deleted end at once; those of jobs succeed. */
  async #play(pod: Pod): Promise<void> {
    if (pod.spec?.nodeName === undefined) return;
    const { name = "", namespace = "", deletionTimestamp } = pod.metadata ?? {};
    if (deletionTimestamp !== undefined) await this.api.removePod({ name, namespace });
    else if (pod.status?.podIP === undefined) {
      const isJob = pod.spec.restartPolicy === "Never";
      const lastTransitionTime = new Date().toISOString();
      const status = {
        phase: isJob ? "Succeeded" : "Running",
        podIP: `10.1.0.${this.#address++}`,
        conditions: isJob ? [] : [{ type: "Ready", status: "True", lastTransitionTime }],
      };
      const patch = { type: "strategic", subresource: "status", body: { status } } as const;
      await this.client.patch(PODS, { name, namespace }, patch);
    }
  }
}

/** A pod template with the label `app: web`. */
export function template(image = "a"): Record<"metadata" | "spec", unknown> {
  return {
    metadata: { labels: { app: "web" } },
    spec: { containers: [{ name: "c", image, ports: [{ name: "http", containerPort: 8080 }] }] },
  };
}

/** The selector of it. */
export const selector: { readonly matchLabels: Record<string, string> } = {
  matchLabels: { app: "web" },
};
