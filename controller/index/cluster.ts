/** The catalog out of informers: which answer each change of an object affects. */

import type { Informer } from "#lib/k8s/informer.ts";
import type { Change } from "#lib/k8s/object-store.ts";
import type { Catalog, EndpointLookup, EndpointQuery, Key } from "../core/catalog.ts";
import type { EndpointOptions, EndpointSet } from "../core/endpoint.ts";
import type { ServiceView } from "../core/outbound-policy.ts";
import type { Workload } from "../core/workload.ts";
import {
  type Entry,
  hostIps,
  hostPorts,
  move,
  type Name,
  podIps,
  serviceIps,
  serviceOf,
  slash,
  split,
  targetsOf,
} from "./addresses.ts";
import { endpointSet, isLocal } from "./endpoint-slices.ts";
import { externalIps, toExternalWorkload } from "./external-workloads.ts";
import type { KeptNames, KeptPod, KeptPolicy, KeptService, KeptSlice } from "./kept-objects.ts";
import { type MarksTurn, OpaqueServers } from "./opaque-servers.ts";
import { toWorkload } from "./pods.ts";
import { toServiceView } from "./services.ts";

/** What is watched. */
export type Informers = {
  readonly pods: Informer<KeptPod>;
  readonly services: Informer<KeptService>;
  readonly slices: Informer<KeptSlice>;
  readonly namespaces: Informer<KeptNames>;
  readonly nodes: Informer<KeptNames>;
  readonly externalWorkloads: Informer<KeptPolicy>;
  readonly servers: Informer<KeptPolicy>;
};

/** How the cluster is read. */
export type ClusterOptions = EndpointOptions & {
  readonly opaquePorts: string;
  /** Whether Services of both families are reached by IPv6. */
  readonly ipv6: boolean;
};

const ZONE = "topology.kubernetes.io/zone";

/** Keeps nothing that the informers have, but for who has which address and which Service has which slices. */
export class Cluster implements Catalog {
  readonly #from: Informers;
  readonly #options: ClusterOptions;
  readonly #listeners = new Map<Key, Set<() => void>>();
  readonly #podsByIp = new Map<string, Set<string>>();
  readonly #podsByHostPort = new Map<string, Set<string>>();
  readonly #servicesByIp = new Map<string, Set<string>>();
  readonly #slicesByService = new Map<string, Set<string>>();
  readonly #slicesByTarget = new Map<string, Set<string>>();
  readonly #externalByIp = new Map<string, Set<string>>();
  readonly #opaqueServers: OpaqueServers;
  readonly #stops: (() => void)[];

  constructor(from: Informers, options: ClusterOptions) {
    this.#from = from;
    this.#options = options;
    for (const pod of from.pods.list()) this.#movePod(undefined, pod);
    for (const service of from.services.list()) this.#moveService(undefined, service);
    for (const slice of from.slices.list()) this.#moveSlice(undefined, slice);
    for (const external of from.externalWorkloads.list()) this.#moveExternal(undefined, external);
    this.#opaqueServers = new OpaqueServers(from.servers, (turned) => this.#onServer(turned));
    this.#stops = [
      () => this.#opaqueServers.stop(),
      from.externalWorkloads.subscribe((change) => this.#onExternal(change)),
      from.pods.subscribe((change) => this.#onPod(change)),
      from.services.subscribe((change) => this.#onService(change)),
      from.slices.subscribe((change) => this.#onSlice(change)),
      from.namespaces.subscribe(({ object }) => this.#onNamespace(object.metadata?.name ?? "")),
      from.nodes.subscribe((change) => this.#onNode(change)),
    ];
  }

  /** Listens to the informers no more. */
  stop(): void {
    for (const stop of this.#stops) stop();
  }

  /** How many addresses Services have (CPM5). */
  get addresses(): number {
    return this.#servicesByIp.size;
  }

  service(name: Name): ServiceView | undefined {
    const service = this.#from.services.get(name);
    return service === undefined
      ? undefined
      : toServiceView(service, this.#context(name.namespace));
  }

  servicesAt(ip: string): readonly ServiceView[] {
    return [...(this.#servicesByIp.get(ip) ?? [])].flatMap((key) => this.service(split(key)) ?? []);
  }

  workload(name: Name & { readonly external?: boolean }): Workload | undefined {
    const context = this.#context(name.namespace);
    if (name.external === true) {
      const external = this.#from.externalWorkloads.get(name);
      return external === undefined ? undefined : toExternalWorkload(external, context);
    }
    const pod = this.#from.pods.get(name);
    return pod === undefined ? undefined : toWorkload(pod, context);
  }

  workloadAt(ip: string): Workload | undefined {
    const [pod] = this.#podsByIp.get(ip) ?? [];
    if (pod !== undefined) return this.#marked(split(pod));
    const [external] = this.#externalByIp.get(ip) ?? [];
    return external === undefined
      ? undefined
      : this.#marked({ ...split(external), external: true });
  }

  workloadOnHost(
    ip: string,
    port: number,
  ): { readonly workload: Workload; readonly port: number } | undefined {
    const [key] = this.#podsByHostPort.get(`${ip}/${port}`) ?? [];
    const pod = key === undefined ? undefined : this.#from.pods.get(split(key));
    const found = hostPorts(pod).find(({ hostPort }) => hostPort === port);
    const workload = key === undefined ? undefined : this.#marked(split(key));
    return workload && found && { workload, port: found.containerPort };
  }

  /** With the ports that Servers say are opaque (DST9). */
  #marked(name: Name & { readonly external?: boolean }): Workload | undefined {
    const workload = this.workload(name);
    return workload && this.#opaqueServers.mark(workload);
  }

  endpoints(query: EndpointLookup): EndpointSet {
    const slices = [...(this.#slicesByService.get(`${query.namespace}/${query.name}`) ?? [])];
    return endpointSet(query, {
      service: this.#from.services.get(query),
      slices: slices.flatMap((key) => this.#from.slices.get(split(key)) ?? []),
      workload: (name) => this.#marked(name),
      clientZone: this.#zoneOf(query.node),
      options: this.#options,
    });
  }

  view(query: EndpointQuery): string {
    const local = isLocal(this.#from.services.get(query));
    return local ? `node/${query.node}` : `zone/${this.#zoneOf(query.node)}`;
  }

  subscribe(key: Key, listener: () => void): () => void {
    const listeners = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(key) === listeners)
        this.#listeners.delete(key);
    };
  }

  #context(namespace: string): { namespace: KeptNames | undefined; opaquePorts: string } {
    return {
      namespace: this.#from.namespaces.get({ name: namespace }),
      opaquePorts: this.#options.opaquePorts,
    };
  }

  #zoneOf(node: string | undefined): string {
    if (node === undefined) return "";
    return this.#from.nodes.get({ name: node })?.metadata?.labels?.[ZONE] ?? "";
  }

  #wake(keys: Iterable<Key>): void {
    for (const key of new Set(keys))
      for (const listener of [...(this.#listeners.get(key) ?? [])]) listener();
  }

  #onPod({ type, object, previous }: Change<KeptPod>): void {
    this.#movePod(previous, type === "deleted" ? undefined : object);
    const ips = [object, previous].flatMap((pod) => [...podIps(pod), ...hostIps(pod)]);
    const services = this.#servicesOf("Pod", object);
    this.#wake([`pod/${slash(object)}` as Key, ...ips.map((ip): Key => `ip/${ip}`), ...services]);
  }

  #onExternal({ type, object, previous }: Change<KeptPolicy>): void {
    this.#moveExternal(previous, type === "deleted" ? undefined : object);
    const ips = [...externalIps(object), ...externalIps(previous)];
    const services = this.#servicesOf("ExternalWorkload", object);
    const own = `external/${slash(object)}` as Key;
    this.#wake([own, ...ips.map((ip): Key => `ip/${ip}`), ...services]);
  }

  /** Endpoints and addresses of the workloads that a Server has marked, or marks. */
  #onServer({ namespace, concerns }: MarksTurn): void {
    const isConcerned = (name: string, external: boolean): boolean => {
      const workload = this.workload({ namespace, name, external });
      return workload !== undefined && concerns(workload);
    };
    const pods = this.#from.pods
      .list()
      .filter(({ metadata }) => metadata?.namespace === namespace)
      .filter(({ metadata }) => isConcerned(metadata?.name ?? "", false));
    const outside = this.#from.externalWorkloads
      .list()
      .filter(({ metadata }) => metadata?.namespace === namespace)
      .filter(({ metadata }) => isConcerned(metadata?.name ?? "", true));
    const own = pods.flatMap((pod) => [...podIps(pod), ...hostIps(pod)]);
    const ips = [...own, ...outside.flatMap(externalIps)];
    this.#wake([
      ...ips.map((ip): Key => `ip/${ip}`),
      ...pods.flatMap((pod) => this.#servicesOf("Pod", pod)),
      ...outside.flatMap((each) => this.#servicesOf("ExternalWorkload", each)),
    ]);
  }

  /** Services whose slices name a workload: its labels and annotations shape the endpoint. */
  #servicesOf(kind: "Pod" | "ExternalWorkload", object: KeptPod | KeptPolicy): Key[] {
    const slices = [...(this.#slicesByTarget.get(`${kind}/${slash(object)}`) ?? [])];
    const services = slices.flatMap((key) => serviceOf(this.#from.slices.get(split(key))) ?? []);
    return services.map((service): Key => `endpoints/${service}` as Key);
  }

  #onService({ type, object, previous }: Change<KeptService>): void {
    this.#moveService(previous, type === "deleted" ? undefined : object);
    const ips = [...serviceIps(object), ...serviceIps(previous)];
    const own = [`service/${slash(object)}`, `endpoints/${slash(object)}`] as Key[];
    this.#wake([...own, ...ips.map((ip): Key => `ip/${ip}`)]);
  }

  #onSlice({ type, object, previous }: Change<KeptSlice>): void {
    this.#moveSlice(previous, type === "deleted" ? undefined : object);
    const services = [object, previous].flatMap((slice) => serviceOf(slice) ?? []);
    this.#wake(services.map((service) => `endpoints/${service}` as Key));
  }

  /** Its annotations are defaults of all that is in it. */
  #onNamespace(namespace: string): void {
    const inIt = [...this.#listeners.keys()].filter(
      (key) => key.startsWith("ip/") || key.split("/")[1] === namespace,
    );
    this.#wake(inIt);
  }

  /** Zones of clients: only a change of the zone concerns anyone. */
  #onNode({ object, previous }: Change<KeptNames>): void {
    if (object.metadata?.labels?.[ZONE] === previous?.metadata?.labels?.[ZONE]) return;
    this.#wake([...this.#listeners.keys()].filter((key) => key.startsWith("endpoints/")));
  }

  #movePod(before: KeptPod | undefined, after: KeptPod | undefined): void {
    move(
      this.#podsByIp,
      before && [podIps(before), slash(before)],
      after && [podIps(after), slash(after)],
    );
    const onHost = (pod: KeptPod): Entry => [
      hostPorts(pod).flatMap(({ hostPort }) => hostIps(pod).map((ip) => `${ip}/${hostPort}`)),
      slash(pod),
    ];
    move(this.#podsByHostPort, before && onHost(before), after && onHost(after));
  }

  #moveService(before: KeptService | undefined, after: KeptService | undefined): void {
    move(
      this.#servicesByIp,
      before && [serviceIps(before), slash(before)],
      after && [serviceIps(after), slash(after)],
    );
  }

  #moveExternal(before: KeptPolicy | undefined, after: KeptPolicy | undefined): void {
    const entry = (external: KeptPolicy): Entry => [externalIps(external), slash(external)];
    move(this.#externalByIp, before && entry(before), after && entry(after));
  }

  #moveSlice(before: KeptSlice | undefined, after: KeptSlice | undefined): void {
    const entry = (slice: KeptSlice): Entry => [[serviceOf(slice) ?? ""], slash(slice)];
    move(this.#slicesByService, before && entry(before), after && entry(after));
    const targets = (slice: KeptSlice): Entry => [targetsOf(slice), slash(slice)];
    move(this.#slicesByTarget, before && targets(before), after && targets(after));
  }
}
