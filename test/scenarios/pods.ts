/** The pods of the scenarios: where they are, what their proxies and they themselves have counted. */

import { PODS, SERVICES } from "#lib/k8s/resource.ts";
import type { Pod } from "#lib/k8s/types/core.ts";
import { parseExposition, type Sample } from "#lib/metrics/parse.ts";
import { type Bed, metricsText, onNode, run, sumOf } from "../demo/bed.ts";
import { OUTSIDE_COUNTS } from "./outside.ts";
import { BACKENDS, type Backend, CALLERS, type Caller, COUNT_PORT } from "./workloads.ts";

type Counted = { readonly http: number; readonly grpc: number; readonly tcp: number };

/** Finds them once: they live as long as the scenarios. */
export class Pods {
  readonly #bed: Bed;
  readonly #found = new Map<string, Pod>();
  readonly #addresses = new Map<string, readonly string[]>();
  /** Backends that were told how to behave. */
  readonly #told = new Set<Backend>();

  constructor(bed: Bed) {
    this.#bed = bed;
  }

  /** A pod of the scenarios. Throws where there is none. */
  async of(instance: Caller | Backend): Promise<Pod> {
    const known = this.#found.get(instance);
    if (known !== undefined) return known;
    const namespace = { ...BACKENDS, ...CALLERS }[instance];
    const { items } = await this.#bed.running.client.list(PODS, { namespace });
    const found = items.find(
      ({ metadata }) =>
        metadata?.labels?.["instance"] === instance && metadata.deletionTimestamp === undefined,
    );
    if (found === undefined) throw new Error(`there is no pod of ${instance}`);
    this.#found.set(instance, found);
    return found;
  }

  /** A Service's own addresses. Throws where it has none. */
  async serviceAddresses(name: string, namespace: string): Promise<readonly string[]> {
    const key = `${name}.${namespace}`;
    const known = this.#addresses.get(key);
    if (known !== undefined) return known;
    const service = await this.#bed.running.client.get(SERVICES, { name, namespace });
    const addresses = service?.spec?.clusterIPs;
    if (addresses === undefined) throw new Error(`Service ${name} has no address`);
    this.#addresses.set(key, addresses);
    return addresses;
  }

  /** A pod's own addresses. */
  async addresses(instance: Caller | Backend): Promise<readonly string[]> {
    return ((await this.of(instance)).status?.podIPs ?? []).map(({ ip = "" }) => ip);
  }

  /** Tells a backend how to answer every request from now on, by a query as in a URL, until `reset`. */
  async tell(backend: Backend, habit: string): Promise<void> {
    this.#told.add(backend);
    await this.#count(backend, `be?${habit}`);
  }

  /** They behave as they did, and Services of names that were used may have other addresses. */
  async reset(): Promise<void> {
    this.#addresses.clear();
    for (const backend of this.#told) await this.#count(backend, "be");
    this.#told.clear();
  }

  /** Requests and calls that each backend has counted, and those of the one outside of the cluster. */
  async counted(): Promise<Readonly<Record<Backend | "outside", number>>> {
    const names = Object.keys(BACKENDS) as Backend[];
    const sum = ({ http, grpc }: Counted): number => http + grpc;
    const all = names.map(async (name) => [name, sum(await this.#count(name, ""))] as const);
    const { out } = await run(this.#bed, onNode(this.#bed, ["curl", "-sS", OUTSIDE_COUNTS]));
    const outside = ["outside", sum(JSON.parse(out) as Counted)] as const;
    return Object.fromEntries([...(await Promise.all(all)), outside]) as Record<
      Backend | "outside",
      number
    >;
  }

  async #count(backend: Backend, path: string): Promise<Counted> {
    const { name, namespace } = (await this.of(backend)).metadata ?? {};
    const text = await this.#bed.running.user.text(
      `/api/v1/namespaces/${namespace}/pods/${name}:${COUNT_PORT}/proxy/${path}`,
    );
    return JSON.parse(text) as Counted;
  }

  /** What a proxy shows. */
  async samples(instance: Caller | Backend): Promise<readonly Sample[]> {
    return parseExposition(await metricsText(this.#bed, await this.of(instance)));
  }

  /** The sum of a metric over the proxies of these apps. */
  async metric(
    apps: readonly (Caller | Backend)[],
    name: string,
    labels: Readonly<Record<string, string>>,
  ): Promise<number> {
    const sums = apps.map(async (app) => sumOf(await this.samples(app), name, labels));
    return (await Promise.all(sums)).reduce((sum, each) => sum + each, 0);
  }
}
