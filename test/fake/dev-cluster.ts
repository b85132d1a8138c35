/** A cluster of dev mode on this machine: real pods, of programs of this machine, and everything removed at the end. */

import type { KubeClient } from "#lib/k8s/client.ts";
import { NAMESPACES, PODS, type Resource, SERVICE_ACCOUNTS } from "#lib/k8s/resource.ts";
import type { Pod } from "#lib/k8s/types/core.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import { systemClock } from "#lib/sys/system-clock.ts";
import { type Cluster, startCluster } from "../../dev/cluster.ts";
import { createInstance, type Instance, instanceOf, removeInstance } from "../../dev/instance.ts";
import type { IpFamilyChoice } from "../../dev/network/ip-families.ts";
import { RecordedLog } from "./recorded-log.ts";

const UNTIL_MS = 4_500;
const STOP_MS = 500;
let started = 0;

/** A name that no other instance has. */
export function uniqueInstance(): Instance {
  started += 1;
  return instanceOf(`t-${process.pid}-${started}`);
}

type Spec = NonNullable<Pod["spec"]>;
type Container = Spec["containers"][number];

/** A running cluster with the namespace `apps`, and images `sh` and `node`. */
export class DevCluster {
  readonly namespace = "apps";
  readonly instance: Instance;
  readonly cluster: Cluster;
  /** What was logged, for failures. */
  readonly log: readonly string[];

  private constructor(instance: Instance, cluster: Cluster, log: readonly string[]) {
    this.instance = instance;
    this.cluster = cluster;
    this.log = log;
  }

  static async start({
    instance = uniqueInstance(),
    ipFamily = "ipv4",
  }: {
    readonly instance?: Instance;
    readonly ipFamily?: IpFamilyChoice;
  } = {}): Promise<DevCluster> {
    const { lines, logger } = new RecordedLog();
    try {
      createInstance(instance);
      const cluster = await startCluster({
        ...{ instance, ipFamily },
        images: new Map(["sh", "node"].map((name) => [name, Bun.which(name) ?? ""])),
        version: "0.0.0",
        clock: systemClock,
        logger,
      });
      const dev = new DevCluster(instance, cluster, lines);
      await cluster.client.create(NAMESPACES, { metadata: { name: dev.namespace } });
      await dev.until(SERVICE_ACCOUNTS, { name: "default", what: "creation", holds: () => true });
      return dev;
    } catch (error) {
      await removeInstance(instance);
      throw error;
    }
  }

  get client(): KubeClient {
    return this.cluster.client;
  }

  /** Ends it and removes everything. */
  async stop(): Promise<void> {
    try {
      await this.cluster.stop(STOP_MS);
    } finally {
      await removeInstance(this.instance);
    }
  }

  /** A pod with one container `c` that runs a shell script; more of the container and of the pod as given. */
  async run(
    name: string,
    script: string,
    { container = {}, ...spec }: Partial<Spec> & { readonly container?: Partial<Container> } = {},
  ): Promise<void> {
    const first = { name: "c", image: "sh", args: ["-c", script], ...container };
    await this.create(name, { terminationGracePeriodSeconds: 2, ...spec, containers: [first] });
  }

  async create(name: string, spec: Spec): Promise<void> {
    const labels = { app: name };
    await this.client.create(PODS, {
      metadata: { name, namespace: this.namespace, labels },
      spec,
    });
  }

  /** Deletes a pod and waits until it is gone. */
  async remove(name: string): Promise<void> {
    await this.client.delete(PODS, { name, namespace: this.namespace });
    await this.gone(name);
  }

  /** Waits for a state of a pod, looking at each change of it. */
  pod(name: string, what: string, holds: (pod: Pod) => boolean): Promise<Pod> {
    return this.until(PODS, { name, what, holds });
  }

  async ready(name: string): Promise<string> {
    const { status } = await this.pod(name, "readiness", isReady);
    return status?.podIP ?? "";
  }

  async phase(name: string, phase: string): Promise<Pod> {
    return await this.pod(name, phase, ({ status }) => status?.phase === phase);
  }

  /** Waits until a pod is gone. */
  async gone(name: string): Promise<void> {
    await this.wait(`the end of pod ${name}`, async () => {
      const found = await this.client.get(PODS, { name, namespace: this.namespace });
      return found === undefined ? true : undefined;
    });
  }

  async until<T extends KubeObject>(
    resource: Resource<T>,
    want: { readonly name: string; readonly what: string; holds(object: T): boolean },
  ): Promise<T> {
    const { name, what } = want;
    return await this.wait(`${what} of ${name}`, async () => {
      const found = await this.client.get(resource, { name, namespace: this.namespace });
      return found !== undefined && want.holds(found) ? found : undefined;
    });
  }

  /** What a container has written. */
  async logs(pod: string, query = ""): Promise<string> {
    const path = `/api/v1/namespaces/${this.namespace}/pods/${pod}/log${query}`;
    return await (await this.ask(path)).text();
  }

  /** Waits until a container has written a text. */
  async says(pod: string, text: string): Promise<void> {
    await this.wait(`"${text}" from ${pod}`, async () =>
      (await this.logs(pod)).includes(text) ? true : undefined,
    );
  }

  /** A request to the API as the user sends it. */
  ask(path: string): Promise<Response> {
    const { server, ca, token } = this.cluster.access;
    const init = { headers: { authorization: `Bearer ${token}` }, tls: { ca } };
    return fetch(`${server}${path}`, init as RequestInit);
  }

  /** Waits until a look finds something. */
  async wait<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
    const deadline = performance.now() + UNTIL_MS;
    for (;;) {
      const found = await look();
      if (found !== undefined) return found;
      if (performance.now() > deadline)
        throw new Error(`Cannot see ${what} in time; the log:\n${this.log.slice(-20).join("\n")}`);
      await Bun.sleep(LOOK_MS);
    }
  }
}

const LOOK_MS = 10;

const isReady = ({ status }: Pod): boolean =>
  status?.conditions?.find(({ type }) => type === "Ready")?.status === "True";
