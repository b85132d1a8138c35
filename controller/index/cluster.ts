/** The catalog out of informers: which answer each change of an object affects. */

import type { Informer } from "#lib/k8s/informer.ts";
import type { Change } from "#lib/k8s/object-store.ts";
import { SERVICE_NAME } from "#lib/k8s/resource.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import type { Catalog, EndpointQuery, Key } from "../core/catalog.ts";
import type { EndpointOptions, EndpointSet } from "../core/endpoint.ts";
import type { ServiceView } from "../core/outbound-policy.ts";
import type { Workload } from "../core/workload.ts";
import { endpointSet, isLocal } from "./endpoint-slices.ts";
import type { KeptNames, KeptPod, KeptService, KeptSlice } from "./kept-objects.ts";
import { toWorkload } from "./pods.ts";
import { toServiceView } from "./services.ts";

/** What is watched. */
export type Informers = {
  readonly pods: Informer<KeptPod>;
  readonly services: Informer<KeptService>;
  readonly slices: Informer<KeptSlice>;
  readonly namespaces: Informer<KeptNames>;
  readonly nodes: Informer<KeptNames>;
};

/** How the cluster is read. */
export type ClusterOptions = EndpointOptions & { readonly opaquePorts: string };

type Name = { readonly name: string; readonly namespace: string };

const ZONE = "topology.kubernetes.io/zone";
const slash = ({ metadata }: KubeObject): string =>
  `${metadata?.namespace ?? ""}/${metadata?.name}`;

/** Keeps nothing that the informers have, but for who has which address and which Service has which slices. */
export class Cluster implements Catalog {
  readonly #from: Informers;
  readonly #options: ClusterOptions;
  readonly #listeners = new Map<Key, Set<() => void>>();
  readonly #podsByIp = new Map<string, Set<string>>();
  readonly #podsByHostPort = new Map<string, Set<string>>();
  readonly #servicesByIp = new Map<string, Set<string>>();
  readonly #slicesByService = new Map<string, Set<string>>();
  readonly #stops: (() => void)[];

  constructor(from: Informers, options: ClusterOptions) {
    this.#from = from;
    this.#options = options;
    for (const pod of from.pods.list()) this.#movePod(undefined, pod);
    for (const service of from.services.list()) this.#moveService(undefined, service);
    for (const slice of from.slices.list()) this.#moveSlice(undefined, slice);
    this.#stops = [
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

  service(name: Name): ServiceView | undefined {
    const service = this.#from.services.get(name);
    return service === undefined
      ? undefined
      : toServiceView(service, this.#context(name.namespace));
  }

  servicesAt(ip: string): readonly ServiceView[] {
    return [...(this.#servicesByIp.get(ip) ?? [])].flatMap((key) => this.service(split(key)) ?? []);
  }

  workload(name: Name): Workload | undefined {
    const pod = this.#from.pods.get(name);
    return pod === undefined ? undefined : toWorkload(pod, this.#context(name.namespace));
  }

  workloadAt(ip: string): Workload | undefined {
    const [key] = this.#podsByIp.get(ip) ?? [];
    return key === undefined ? undefined : this.workload(split(key));
  }

  workloadOnHost(
    ip: string,
    port: number,
  ): { readonly workload: Workload; readonly port: number } | undefined {
    const [key] = this.#podsByHostPort.get(`${ip}/${port}`) ?? [];
    const pod = key === undefined ? undefined : this.#from.pods.get(split(key));
    const found = hostPorts(pod).find(({ hostPort }) => hostPort === port);
    const workload = key === undefined ? undefined : this.workload(split(key));
    return workload && found && { workload, port: found.containerPort };
  }

  endpoints(query: EndpointQuery): EndpointSet {
    const slices = [...(this.#slicesByService.get(`${query.namespace}/${query.name}`) ?? [])];
    return endpointSet(query, {
      service: this.#from.services.get(query),
      slices: slices.flatMap((key) => this.#from.slices.get(split(key)) ?? []),
      workload: (name) => this.workload(name),
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

  #zoneOf(node: string): string {
    return this.#from.nodes.get({ name: node })?.metadata?.labels?.[ZONE] ?? "";
  }

  #wake(keys: Iterable<Key>): void {
    for (const key of new Set(keys))
      for (const listener of [...(this.#listeners.get(key) ?? [])]) listener();
  }

  #onPod({ type, object, previous }: Change<KeptPod>): void {
    this.#movePod(previous, type === "deleted" ? undefined : object);
    const hosts = [object, previous].filter((pod) => hostPorts(pod).length > 0).map(hostIp);
    const ips = [...podIps(object), ...podIps(previous), ...hosts];
    const services = this.#servicesOfPod(object);
    this.#wake([`pod/${slash(object)}` as Key, ...ips.map((ip): Key => `ip/${ip}`), ...services]);
  }

  /** Services whose slices name the pod: its labels and annotations shape the endpoint. */
  #servicesOfPod({ metadata }: KeptPod): Key[] {
    const prefix = `${metadata?.namespace}/`;
    return [...this.#slicesByService].flatMap(([service, slices]): Key[] => {
      if (!service.startsWith(prefix)) return [];
      const named = [...slices].some((key) =>
        this.#from.slices
          .get(split(key))
          ?.endpoints?.some(({ targetRef }) => targetRef?.name === metadata?.name),
      );
      return named ? [`endpoints/${service}` as Key] : [];
    });
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
      hostPorts(pod).map(({ hostPort }) => `${hostIp(pod)}/${hostPort}`),
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

  #moveSlice(before: KeptSlice | undefined, after: KeptSlice | undefined): void {
    const entry = (slice: KeptSlice): Entry => [[serviceOf(slice) ?? ""], slash(slice)];
    move(this.#slicesByService, before && entry(before), after && entry(after));
  }
}

type Entry = readonly [indexes: readonly string[], key: string];

function move(
  index: Map<string, Set<string>>,
  before: Entry | undefined,
  after: Entry | undefined,
): void {
  for (const at of before?.[0] ?? []) {
    const keys = index.get(at);
    keys?.delete(before?.[1] ?? "");
    if (keys?.size === 0) index.delete(at);
  }
  for (const at of after?.[0] ?? [])
    index.set(at, (index.get(at) ?? new Set()).add(after?.[1] ?? ""));
}

const hasEnded = (pod: KeptPod): boolean =>
  pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";

const hostIp = (pod: KeptPod | undefined): string => pod?.status?.hostIP ?? "";

/** Ports of its node that lead to a pod. */
function hostPorts(
  pod: KeptPod | undefined,
): readonly { readonly hostPort: number; readonly containerPort: number }[] {
  if (pod === undefined || hasEnded(pod) || pod.spec?.hostNetwork === true || hostIp(pod) === "")
    return [];
  const { initContainers = [], containers = [] } = pod.spec ?? {};
  return [...initContainers, ...containers].flatMap(({ ports = [] }) =>
    ports.flatMap(({ hostPort, containerPort, protocol = "TCP" }) =>
      hostPort && protocol === "TCP" ? [{ hostPort, containerPort }] : [],
    ),
  );
}

/** Addresses that are the pod's alone: the node's, and those of pods that have ended, are not. */
function podIps(pod: KeptPod | undefined): string[] {
  if (pod === undefined || hasEnded(pod) || pod.spec?.hostNetwork === true) return [];
  return [
    ...new Set([...(pod.status?.podIPs ?? []).map(({ ip }) => ip), pod.status?.podIP ?? ""]),
  ].filter((ip) => ip !== "");
}

function serviceIps(service: KeptService | undefined): readonly string[] {
  return service === undefined
    ? []
    : toServiceView(service, { namespace: undefined, opaquePorts: "" }).clusterIps;
}

function serviceOf(slice: KeptSlice | undefined): string | undefined {
  const name = slice?.metadata?.labels?.[SERVICE_NAME];
  return name === undefined ? undefined : `${slice?.metadata?.namespace}/${name}`;
}

function split(key: string): Name {
  const [namespace = "", name = ""] = key.split("/");
  return { namespace, name };
}
