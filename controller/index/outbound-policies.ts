/** Policy of destinations out of informers: which clients each change of an object concerns. */

import { isDeepStrictEqual } from "node:util";
import type { Informer } from "#lib/k8s/informer.ts";
import type { Change } from "#lib/k8s/object-store.ts";
import { isAttachedTo, namespaceOfRoutes } from "../core/attached-routes.ts";
import type { Catalog, OutboundCatalog, OutboundQuery } from "../core/catalog.ts";
import type { BackendObjects } from "../core/outbound-backends.ts";
import {
  type Destination,
  frontendOf,
  type OutboundPolicy,
  outboundPolicy,
} from "../core/outbound-policy.ts";
import type { KeptService } from "./kept-objects.ts";
import {
  OutboundRoutes,
  type ParentKey,
  parentsOf,
  type RouteInformers,
  type RouteTurn,
} from "./outbound-routes.ts";
import type { OnFault } from "./policy-store.ts";
import { toParentTraffic } from "./traffic.ts";

/** What is watched for outbound policy beside the cluster. */
export type OutboundInformers = RouteInformers & { readonly services: Informer<KeptService> };

type Target = OutboundQuery["target"];

/** Who asked from a namespace, and what they were told last. */
type Client = { readonly listeners: Set<() => void>; policy: OutboundPolicy | undefined };

/** A destination that anyone watches. */
type Watched = {
  readonly target: Target;
  /** By namespaces. */
  readonly clients: Map<string, Client>;
  readonly stop: () => void;
  destination: Destination | undefined;
  /** By the namespace whose routes hold. */
  readonly policies: Map<string, OutboundPolicy | undefined>;
};

/** Answers for destinations; keeps who watches which. */
export class OutboundPolicies implements OutboundCatalog {
  readonly #cluster: Catalog;
  readonly #onFault: OnFault;
  readonly #routes: OutboundRoutes;
  readonly #objects: BackendObjects;
  readonly #watched = new Map<string, Watched>();
  readonly #stops: readonly (() => void)[];

  constructor(
    from: OutboundInformers,
    how: { readonly cluster: Catalog; readonly onFault: OnFault },
  ) {
    this.#cluster = how.cluster;
    this.#onFault = how.onFault;
    this.#objects = {
      hasService: (at) => isBackend(from.services.get(at)),
      hasEgressNetwork: () => false,
    };
    this.#routes = new OutboundRoutes(from, {
      onFault: how.onFault,
      onRoute: (turn) => this.#onRoute(turn),
    });
    for (const service of from.services.list()) this.#tellFaults(service);
    this.#stops = [from.services.subscribe((change) => this.#onService(change))];
  }

  outboundPolicy({ target, client }: OutboundQuery): OutboundPolicy | undefined {
    const watched = this.#watched.get(idOf(target));
    if (watched !== undefined) return this.#policyFor(watched, client);
    const destination = this.#find(target);
    return this.#policyFor({ destination, policies: new Map() }, client);
  }

  subscribe({ target, client }: OutboundQuery, listener: () => void): () => void {
    const watched = this.#watched.get(idOf(target)) ?? this.#watch(target);
    const asked = watched.clients.get(client) ?? {
      listeners: new Set(),
      policy: this.#policyFor(watched, client),
    };
    watched.clients.set(client, asked);
    asked.listeners.add(listener);
    return () => {
      asked.listeners.delete(listener);
      if (asked.listeners.size > 0 || watched.clients.get(client) !== asked) return;
      watched.clients.delete(client);
      if (watched.clients.size > 0) return;
      watched.stop();
      if (this.#watched.get(idOf(target)) === watched) this.#watched.delete(idOf(target));
    };
  }

  /** Listens no more. */
  stop(): void {
    this.#routes.stop();
    for (const stop of this.#stops) stop();
    for (const { stop } of this.#watched.values()) stop();
  }

  #watch(target: Target): Watched {
    const key =
      target.type === "address"
        ? (`ip/${target.ip}` as const)
        : (`service/${target.namespace}/${target.name}` as const);
    const watched: Watched = {
      ...{ target, clients: new Map(), policies: new Map() },
      destination: this.#find(target),
      stop: this.#cluster.subscribe(key, () => this.#onDestination(watched)),
    };
    this.#watched.set(idOf(target), watched);
    return watched;
  }

  /** Undefined where there is no such Service; an address may always be gone to. */
  #find(target: Target): Destination | undefined {
    const { port } = target;
    const service =
      target.type === "address"
        ? this.#cluster.servicesAt(target.ip)[0]
        : this.#cluster.service(target);
    if (service !== undefined) return { type: "service", service, port };
    return target.type === "address" ? { type: "unknown-address", ip: target.ip, port } : undefined;
  }

  #policyFor(
    { destination, policies }: Pick<Watched, "destination" | "policies">,
    client: string,
  ): OutboundPolicy | undefined {
    if (destination === undefined) return undefined;
    const frontend = frontendOf(destination);
    const routes = frontend === undefined ? [] : this.#routes.of(keyOf(frontend));
    const namespace = frontend === undefined ? "" : namespaceOfRoutes(routes, frontend, client);
    const known = policies.get(namespace);
    if (known !== undefined) return known;
    const objects = this.#objects;
    const policy = outboundPolicy(destination, { routes, namespace, objects });
    policies.set(namespace, policy);
    return policy;
  }

  /** Works out anew what holds for clients, and wakes those for whom that is something else. */
  #renew(watched: Watched, concerns: (client: string) => boolean): void {
    for (const [namespace, client] of [...watched.clients]) {
      if (!concerns(namespace)) continue;
      const before = client.policy;
      client.policy = this.#policyFor(watched, namespace);
      if (before === client.policy || isDeepStrictEqual(before, client.policy)) continue;
      for (const listener of [...client.listeners]) listener();
    }
  }

  /** Much of a Service changes that no policy depends on. */
  #onDestination(watched: Watched): void {
    const destination = this.#find(watched.target);
    if (isDeepStrictEqual(destination, watched.destination)) return;
    watched.destination = destination;
    watched.policies.clear();
    this.#renew(watched, () => true);
  }

  /** A route of the frontend's namespace concerns all who have none of their own, another its own namespace's clients. */
  #onRoute({ before, after }: RouteTurn): void {
    const turned = [before, after].flatMap((each) => each ?? []);
    const parents = new Set(turned.flatMap((each) => [...parentsOf(each)]));
    for (const watched of this.#watched.values()) {
      const frontend = watched.destination && frontendOf(watched.destination);
      if (frontend === undefined || !parents.has(keyOf(frontend))) continue;
      const attached = turned.filter((each) => isAttachedTo(each, frontend));
      const [namespace] = attached.map(({ route }) => route.namespace);
      if (namespace === undefined) continue;
      watched.policies.delete(namespace);
      const ofParent = namespace === frontend.namespace;
      this.#renew(watched, (client) => ofParent || client === namespace);
    }
  }

  /** Backends come and go with Services. */
  #onService({ type, object, previous }: Change<KeptService>): void {
    const after = type === "deleted" ? undefined : object;
    if (after !== undefined) this.#tellFaults(after);
    if (isBackend(after) === isBackend(previous)) return;
    const { name = "", namespace = "" } = object.metadata ?? {};
    for (const watched of this.#watched.values()) {
      const concerned = [...watched.policies].filter(
        ([, policy]) => policy !== undefined && leadsTo(policy, { name, namespace }),
      );
      if (concerned.length === 0) continue;
      for (const [at] of concerned) watched.policies.delete(at);
      this.#renew(watched, () => true);
    }
  }

  #tellFaults({ metadata }: KeptService): void {
    const faults: string[] = [];
    toParentTraffic(metadata?.annotations, faults);
    const [fault] = faults;
    const object = `${metadata?.namespace}/${metadata?.name}`;
    if (fault !== undefined) this.#onFault({ resource: "services", object, fault });
  }
}

const idOf = (target: Target): string =>
  target.type === "address"
    ? `${target.ip}/${target.port}`
    : `${target.namespace}/${target.name}:${target.port}`;

const keyOf = ({
  kind,
  namespace,
  name,
}: {
  readonly kind: "Service" | "EgressNetwork";
  readonly namespace: string;
  readonly name: string;
}): ParentKey => `${kind}/${namespace}/${name}`;

/** Names of other systems are no backends. */
const isBackend = (service: KeptService | undefined): boolean =>
  service !== undefined && service.spec?.type !== "ExternalName";

/** Whether a rule of a policy names a Service as a backend. */
function leadsTo(
  { protocol }: OutboundPolicy,
  at: { readonly name: string; readonly namespace: string },
): boolean {
  const routes = protocol.type === "detect" ? protocol.http : protocol.routes;
  return routes.some(({ rules }) =>
    rules.some(({ backends }) =>
      backends.some(
        ({ ref }) =>
          ref.type === "object" &&
          ref.kind === "Service" &&
          ref.name === at.name &&
          ref.namespace === at.namespace,
      ),
    ),
  );
}
