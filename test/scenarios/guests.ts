/** Pods of one scenario alone, as some of what is said of pods is read when they are made. */

import { PODS } from "#lib/k8s/resource.ts";
import type { Pod } from "#lib/k8s/types/core.ts";
import { parseExposition } from "#lib/metrics/parse.ts";
import { metricsText, sumOf } from "../demo/bed.ts";
import { deployment, IMAGES, NAMESPACE, PORTS, service } from "./workloads.ts";
import type { World } from "./world.ts";

/** How one is made. */
export type GuestOptions = {
  readonly annotations?: Readonly<Record<string, string>>;
  /** What the container has beside a backend's. */
  readonly container?: object;
  /** Volumes of the pod. */
  readonly volumes?: readonly object[];
};

/** Statuses of a guest that is not there yet. */
const AWAY: ReadonlySet<number> = new Set([0, 502, 503, 504]);
/** Milliseconds until one is ready. */
const READY_MS = "30s";

/** A pod with a Service of its name. */
export class Guest {
  readonly name: string;
  readonly #world: World;

  constructor(world: World, name: string) {
    this.#world = world;
    this.name = name;
  }

  get url(): string {
    return `http://${this.name}.${NAMESPACE}.svc.cluster.local`;
  }

  /** Its pod. Throws where there is none. */
  async pod(): Promise<Pod> {
    const { items } = await this.#world.bed.running.client.list(PODS, { namespace: NAMESPACE });
    const found = items.find(({ metadata }) => metadata?.labels?.["instance"] === this.name);
    if (found === undefined) throw new Error(`there is no pod of ${this.name}`);
    return found;
  }

  /** The sum of a metric of its proxy. */
  async metric(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    const text = await metricsText(this.#world.bed, await this.pod());
    return sumOf(parseExposition(text), name, labels);
  }

  /** What its proxy has written. */
  async proxyLog(): Promise<string> {
    return await this.#world.kubectl("logs", `deploy/${this.name}`, "-c", "linkerd-proxy");
  }
}

/** Applies one, with an account of its own, and waits until it is ready. */
export async function guest(
  world: World,
  name: string,
  { annotations = {}, container = {}, volumes }: GuestOptions = {},
): Promise<Guest> {
  const echo = {
    image: `${IMAGES.echo}:1`,
    env: [{ name: "NAME", value: name }],
    ports: [{ name: "http", containerPort: PORTS.http }],
    readinessProbe: { tcpSocket: { port: "http" }, periodSeconds: 1 },
    ...container,
  };
  await world.apply(
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace: NAMESPACE } },
    service({ name, namespace: NAMESPACE, selector: { instance: name } }),
    deployment({
      ...{ name, namespace: NAMESPACE, account: name, labels: { app: name }, annotations },
      ...{ container: echo, ...(volumes === undefined ? {} : { volumes }) },
    }),
  );
  await world.kubectl("rollout", "status", `deploy/${name}`, `--timeout=${READY_MS}`);
  const made = new Guest(world, name);
  // That it is ready is known before its Service leads there, and by nft before it listens: a proxy takes probes of TCP.
  await world.eventually(
    `${name} answers`,
    async () => !AWAY.has((await world.ask("outsider", made.url)).status),
  );
  return made;
}
