/** Policy of destinations out of informers: which clients each change of an object concerns. */

import { isDeepStrictEqual } from "node:util";
import type { Informer } from "#lib/k8s/informer.ts";
import type { Change } from "#lib/k8s/object-store.ts";
import { type Frontend, isAttachedTo, namespaceOfRoutes } from "../core/attached-routes.ts";
import type { Catalog, OutboundCatalog, OutboundQuery } from "../core/catalog.ts";
import type { EgressNetwork } from "../core/egress.ts";
import type { EndpointOptions, LoneEndpoint } from "../core/endpoint.ts";
import {
  type Destination,
  frontendOf,
  leadsTo,
  type OutboundPolicy,
  outboundPolicy,
  type ServiceView,
} from "../core/outbound-policy.ts";
import { type EgressOptions, EgressStore } from "./egress-store.ts";
import type { KeptPolicy, KeptService } from "./kept-objects.ts";
import { loneEndpoint } from "./lone-endpoints.ts";
import {
  OutboundRoutes,
  type ParentKey,
  parentsOf,
  type RouteInformers,
  type RouteTurn,
} from "./outbound-routes.ts";
import type { Turn } from "./policy-store.ts";
import { toParentTraffic } from "./traffic.ts";
import { type Listening, listen, type Watched as WatchedBy, wake } from "./watched.ts";

/** What is watched for outbound policy beside the cluster. */
export type OutboundInformers = RouteInformers & {
  readonly services: Informer<KeptService>;
  readonly egressNetworks: Informer<KeptPolicy>;
};

/** How policy is read. */
export type OutboundOptions = Omit<EgressOptions, "onTurn"> &
  EndpointOptions & { readonly cluster: Catalog };

type Target = OutboundQuery["target"];

/** A destination that anyone watches. */
type Watched = WatchedBy<Client> & {
  readonly target: Target;
  service: ServiceView | undefined;
  /** What answers there, where that is no Service. */
  lone: LoneEndpoint | undefined;
  /** By whose routes hold, and where; also of those who have left, or follow others now. */
  readonly policies: Map<string, OutboundPolicy>;
};

/** Who asked from a namespace, and what they were told last. */
type Client = Listening & {
  destination: Destination | undefined;
  policy: OutboundPolicy | undefined;
};

/** Answers for destinations; keeps who watches which. */
export class OutboundPolicies implements OutboundCatalog {
  readonly #options: OutboundOptions;
  readonly #services: Informer<KeptService>;
  readonly #routes: OutboundRoutes;
  readonly #egress: EgressStore;
  readonly #watched = new Map<string, Watched>();
  readonly #stop: () => void;

  constructor(from: OutboundInformers, options: OutboundOptions) {
    this.#options = options;
    this.#services = from.services;
    const { onFault } = options;
    this.#routes = new OutboundRoutes(from, { onFault, onRoute: (turn) => this.#onRoute(turn) });
    this.#egress = new EgressStore(from.egressNetworks, {
      ...options,
      onTurn: (turn) => this.#onEgress(turn),
    });
    for (const service of from.services.list()) this.#tellFaults(service);
    this.#stop = from.services.subscribe((change) => this.#onService(change));
  }

  outboundPolicy({ target, client }: OutboundQuery): OutboundPolicy | undefined {
    const watched = this.#watched.get(idOf(target));
    const asked = watched?.clients.get(client);
    if (asked !== undefined) return asked.policy;
    const at = watched ?? { target, ...this.#find(target), policies: new Map() };
    return this.#policyOf(at, this.#destination(at, client), client);
  }

  subscribe({ target, client }: OutboundQuery, listener: () => void): () => void {
    const id = idOf(target);
    const watched = this.#watched.get(id) ?? this.#watch(target);
    const asked = watched.clients.get(client) ?? this.#join(watched, client);
    return listen(this.#watched, { id, watched, client, asked }, listener);
  }

  /** How many objects have routes, and how many ports of Services are watched, by namespace (CPM5). */
  sizes(): Readonly<Record<"routes" | "ports", ReadonlyMap<string, number>>> {
    const ports = new Map<string, number>();
    for (const { service } of this.#watched.values())
      if (service !== undefined)
        ports.set(service.namespace, (ports.get(service.namespace) ?? 0) + 1);
    return { routes: this.#routes.sizes(), ports };
  }

  /** Listens no more. */
  stop(): void {
    this.#routes.stop();
    this.#egress.stop();
    this.#stop();
    for (const { stop } of this.#watched.values()) stop();
  }

  #watch(target: Target): Watched {
    const key =
      target.type === "address"
        ? (`ip/${target.ip}` as const)
        : (`service/${target.namespace}/${target.name}` as const);
    const watched: Watched = {
      ...{ target, clients: new Map(), policies: new Map() },
      ...this.#find(target),
      stop: this.#options.cluster.subscribe(key, () => this.#onTarget(watched)),
    };
    this.#watched.set(idOf(target), watched);
    return watched;
  }

  #join(watched: Watched, client: string): Client {
    const destination = this.#destination(watched, client);
    const policy = this.#policyOf(watched, destination, client);
    const joined: Client = { listeners: new Set(), destination, policy };
    watched.clients.set(client, joined);
    return joined;
  }

  #find(target: Target): Pick<Watched, "service" | "lone"> {
    const { cluster } = this.#options;
    if (target.type === "service") return { service: cluster.service(target), lone: undefined };
    const [service] = cluster.servicesAt(target.ip);
    return { service, lone: service ? undefined : loneEndpoint(target, this.#options) };
  }

  /** Undefined where there is no such Service; an address may always be gone to. */
  #destination(
    { target, service, lone }: Pick<Watched, "target" | "service" | "lone">,
    client: string,
  ): Destination | undefined {
    const { port } = target;
    if (service !== undefined) return { type: "service", service, port };
    if (target.type !== "address" || lone === undefined) return undefined;
    const { ip } = target;
    const egress = this.#egress.around(ip, client);
    return egress === undefined
      ? { type: "unknown-address", ip, port, lone }
      : { type: "egress", ...egress, ip, port };
  }

  /** One value for all clients for whom the same holds. */
  #policyOf(
    { policies }: Pick<Watched, "policies">,
    destination: Destination | undefined,
    client: string,
  ): OutboundPolicy | undefined {
    if (destination === undefined) return undefined;
    const frontend = frontendOf(destination);
    const routes = frontend === undefined ? [] : this.#routes.of(keyOf(frontend));
    const namespace = frontend === undefined ? "" : namespaceOfRoutes(routes, frontend, client);
    const id = frontend === undefined ? bareOf(destination) : viewOf(keyOf(frontend), namespace);
    const known = policies.get(id);
    if (known !== undefined) return known;
    const objects = {
      hasService: (at: Name) => isBackend(this.#services.get(at)),
      hasEgressNetwork: (at: Name) => this.#egress.has(at),
    };
    const policy = outboundPolicy(destination, { routes, namespace, objects });
    policies.set(id, policy);
    return policy;
  }

  /** Works out anew what holds for a client, and wakes it where that is something else. */
  #renew(watched: Watched, namespace: string, client: Client): void {
    const before = client.policy;
    client.policy = this.#policyOf(watched, client.destination, namespace);
    wake(client, before, client.policy);
  }

  /** Much of a Service and of a pod changes that no policy depends on. */
  #onTarget(watched: Watched): void {
    const { service, lone } = this.#find(watched.target);
    if (isDeepStrictEqual([service, lone], [watched.service, watched.lone])) return;
    watched.service = service;
    watched.lone = lone;
    watched.policies.clear();
    for (const [namespace, client] of [...watched.clients]) {
      client.destination = this.#destination(watched, namespace);
      this.#renew(watched, namespace, client);
    }
  }

  /** A route of the frontend's namespace concerns all who have none of their own, another its own namespace's clients. */
  #onRoute({ before, after }: RouteTurn): void {
    const turned = [before, after].flatMap((each) => each ?? []);
    const parents = new Set(turned.flatMap((each) => [...parentsOf(each)]));
    for (const watched of this.#watched.values()) {
      for (const parent of parents)
        for (const { route } of turned) watched.policies.delete(viewOf(parent, route.namespace));
      const concerned = [...watched.clients].filter(([namespace, { destination }]) => {
        const frontend = destination && frontendOf(destination);
        if (frontend === undefined || !parents.has(keyOf(frontend))) return false;
        const attached = turned.find((each) => isAttachedTo(each, frontend));
        const of = attached?.route.namespace;
        return of !== undefined && (of === frontend.namespace || of === namespace);
      });
      for (const [namespace, client] of concerned) this.#renew(watched, namespace, client);
    }
  }

  /** An EgressNetwork concerns its namespace's clients, a global one those too in whose namespace there is none. */
  #onEgress({ namespace, name, before, after }: Turn<EgressNetwork>): void {
    const isGlobal = namespace === this.#options.globalEgressNamespace;
    for (const watched of this.#watched.values()) {
      if (watched.service !== undefined || watched.target.type !== "address") continue;
      const concerned = [...watched.clients].filter(([client]) => isGlobal || client === namespace);
      const moved = concerned.filter(([of, client]) => {
        const destination = this.#destination(watched, of);
        if (isDeepStrictEqual(destination, client.destination)) return false;
        client.destination = destination;
        return true;
      });
      forget(watched, (view) => view.startsWith(viewOf(`EgressNetwork/${namespace}/${name}`, "")));
      for (const [of, client] of moved) this.#renew(watched, of, client);
    }
    const came = (before === undefined) !== (after === undefined);
    if (came) this.#onBackend({ kind: "EgressNetwork", namespace, name });
  }

  /** Backends come and go with Services. */
  #onService({ type, object, previous }: Change<KeptService>): void {
    const after = type === "deleted" ? undefined : object;
    if (after !== undefined) this.#tellFaults(after);
    if (isBackend(after) === isBackend(previous)) return;
    const { name = "", namespace = "" } = object.metadata ?? {};
    this.#onBackend({ kind: "Service", namespace, name });
  }

  #onBackend(backend: Pick<Frontend, "kind" | "namespace" | "name">): void {
    for (const watched of this.#watched.values()) {
      const led = [...watched.clients].filter(
        ([, { policy }]) => policy !== undefined && leadsTo(policy, backend),
      );
      forget(watched, (_, policy) => leadsTo(policy, backend));
      for (const [namespace, client] of led) this.#renew(watched, namespace, client);
    }
  }

  #tellFaults({ metadata }: KeptService): void {
    const faults: string[] = [];
    toParentTraffic(metadata?.annotations, faults);
    const [fault] = faults;
    const object = `${metadata?.namespace}/${metadata?.name}`;
    if (fault !== undefined) this.#options.onFault({ resource: "services", object, fault });
  }
}

type Name = { readonly name: string; readonly namespace: string };

const idOf = (target: Target): string =>
  target.type === "address"
    ? `${target.ip}/${target.port}`
    : `${target.namespace}/${target.name}:${target.port}`;

const keyOf = ({ kind, namespace, name }: Pick<Frontend, "kind" | keyof Name>): ParentKey =>
  `${kind}/${namespace}/${name}`;

const viewOf = (parent: ParentKey, namespace: string): string => `${parent} ${namespace}`;

/** The same of what takes no routes: networks are told apart. */
const bareOf = (destination: Destination): string =>
  destination.type === "egress"
    ? viewOf(keyOf({ kind: "EgressNetwork", ...destination.network }), "")
    : "";

/** Lets go of policies that may be others now. */
function forget(
  { policies }: Pick<Watched, "policies">,
  isOld: (view: string, policy: OutboundPolicy) => boolean,
): void {
  for (const [view, policy] of policies) if (isOld(view, policy)) policies.delete(view);
}

/** Names of other systems are no backends. */
const isBackend = (service: KeptService | undefined): boolean =>
  service !== undefined && service.spec?.type !== "ExternalName";
