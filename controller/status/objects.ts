/** The objects whose status is written, and what it depends on: which of them each change concerns. */

import { isDeepStrictEqual } from "node:util";
import { Cidr } from "#lib/addr/cidr.ts";
import { OPAQUE_PORTS } from "#lib/k8s/annotations.ts";
import type { Informer } from "#lib/k8s/informer.ts";
import type { Change } from "#lib/k8s/object-store.ts";
import type { ObjectName, Resource } from "#lib/k8s/resource.ts";
import type { CustomObject } from "#lib/k8s/types/custom.ts";
import type { EgressNetwork } from "../core/egress.ts";
import { POLICY_GROUP } from "../core/route.ts";
import type { RateLimit } from "../core/server.ts";
import type { KeptNames, KeptPolicy, KeptService } from "../index/kept-objects.ts";
import { egressCondition, rateLimitConditions } from "./conditions.ts";
import { listOf, mergeConditions, mergeParents, type Stamp } from "./merge.ts";
import {
  type Faulty,
  factsOf,
  type Kind,
  type Known,
  RESOURCES,
  type Reference,
  read,
  referencesOf,
  type StatusOptions,
} from "./read.ts";
import { type RouteSurroundings, routeStatus, type ServiceFacts } from "./route-conditions.ts";

/** What is watched: objects with their status, and what they refer to. */
export type StatusInformers = Readonly<
  Record<Kind | "servers", Informer<KeptPolicy>> & {
    services: Informer<KeptService>;
    namespaces: Informer<KeptNames>;
  }
>;

/** An object whose status is written: `httpRoutes/shop/web`. */
export type StatusId = `${Kind}/${string}/${string}`;

/** A status that an object does not have yet. */
export type StatusWrite = {
  readonly resource: Resource<CustomObject>;
  readonly name: ObjectName;
  readonly resourceVersion: string;
  readonly status: Readonly<Record<string, unknown>>;
};

/** Knows all of them from its start on. */
export class StatusObjects {
  readonly #from: StatusInformers;
  readonly #options: StatusOptions;
  readonly #clusterNetworks: readonly Cidr[];
  readonly #known = new Map<StatusId, Known>();
  readonly #referring = new Map<Reference, Set<StatusId>>();
  /** EgressNetworks depend on those of their namespace. */
  readonly #networks = new Map<string, Set<StatusId>>();
  readonly #stops: readonly (() => void)[];
  #listener: (id: StatusId) => void = () => undefined;

  constructor(from: StatusInformers, options: StatusOptions) {
    this.#from = from;
    this.#options = options;
    this.#clusterNetworks = options.clusterNetworks.flatMap((text) => Cidr.parse(text) ?? []);
    const kinds = Object.keys(RESOURCES) as Kind[];
    for (const kind of kinds)
      for (const object of from[kind].list()) this.#learn(idOf(kind, object), object);
    this.#stops = [
      ...kinds.map((kind) => from[kind].subscribe((change) => this.#onObject(kind, change))),
      from.servers.subscribe(({ type, object }) => {
        if (type !== "modified") this.#concern(referenceTo("Server", object));
      }),
      from.services.subscribe(({ type, object, previous }) => {
        const after = type === "deleted" ? undefined : this.#factsOf(object);
        if (!isDeepStrictEqual(after, this.#factsOf(previous)))
          this.#concern(referenceTo("Service", object));
      }),
      // Its annotations say which ports are opaque where Services do not.
      from.namespaces.subscribe(({ object, previous }) => {
        if (opaqueIn(object) !== opaqueIn(previous)) this.#concernServices(object);
      }),
    ];
  }

  /** All objects whose status may be written. */
  all(): Iterable<StatusId> {
    return this.#known.keys();
  }

  /** Calls for each object that a change concerns; one listener. */
  listen(listener: (id: StatusId) => void): void {
    this.#listener = listener;
  }

  /** What is to be written; undefined where an object is gone, or says it already. A newer state of it may be given. */
  decide(id: StatusId, wallMs: number, newer?: KeptPolicy): StatusWrite | undefined {
    const { kind, ...name } = partsOf(id);
    const object = newer ?? this.#from[kind].get(name);
    const known = newer === undefined ? this.#known.get(id) : read(newer, kind, this.#options);
    if (object === undefined || known === undefined) return undefined;
    const { generation, resourceVersion = "" } = object.metadata ?? {};
    const status = this.#statusOf(known, object.status, { generation, wallMs });
    return status && { resource: RESOURCES[kind], name, resourceVersion, status };
  }

  /** Listens no more. */
  stop(): void {
    for (const stop of this.#stops) stop();
  }

  #statusOf(known: Known, present: unknown, stamp: Stamp): StatusWrite["status"] | undefined {
    switch (known.type) {
      case "route": {
        const parents = mergeParents(present, routeStatus(known.value, this.#around), stamp);
        return parents && { parents };
      }
      case "limit": {
        const desired = this.#limitConditions(known.value);
        const conditions =
          desired && mergeConditions(listOf(present, "conditions"), desired, stamp);
        const target = { group: POLICY_GROUP, kind: "Server", name: known.value.server };
        return conditions && { conditions, targetRef: target };
      }
      case "network": {
        const desired = [this.#networkCondition(known.value)];
        const conditions = mergeConditions(listOf(present, "conditions"), desired, stamp);
        return conditions && { conditions };
      }
    }
  }

  #limitConditions(limit: Faulty<RateLimit>): ReturnType<typeof rateLimitConditions> {
    const { namespace, server: name = "" } = limit;
    const others = this.#all(`Server/${namespace}/${name}`).flatMap((each) =>
      each.type === "limit" && each.value.name !== limit.name ? [each.value] : [],
    );
    return rateLimitConditions(limit, { hasServer: this.#hasServer({ namespace, name }), others });
  }

  #networkCondition(network: EgressNetwork): ReturnType<typeof egressCondition> {
    const others = [...(this.#networks.get(network.namespace) ?? [])].flatMap((id) => {
      const other = this.#known.get(id);
      return other?.type === "network" && other.value.name !== network.name ? [other.value] : [];
    });
    return egressCondition(network, { clusterNetworks: this.#clusterNetworks, others });
  }

  #hasServer(at: ObjectName): boolean {
    return this.#from.servers.get(at) !== undefined;
  }

  readonly #around: RouteSurroundings = {
    hasServer: (at) => this.#hasServer(at),
    service: (at) => this.#factsOf(this.#from.services.get(at)),
    egressNetwork: ({ namespace, name }) => {
      const known = this.#known.get(`egressNetworks/${namespace}/${name}`);
      if (known?.type !== "network") return undefined;
      const { opaque } = known.value;
      return { accepted: this.#networkCondition(known.value).status === "True", opaque };
    },
    routesOf: (parent) =>
      referencesOf(parent).flatMap((reference) =>
        this.#all(reference).flatMap((each) => (each.type === "route" ? [each.value] : [])),
      ),
  };

  #factsOf(service: KeptService | undefined): ServiceFacts | undefined {
    const namespace = this.#from.namespaces.get({ name: service?.metadata?.namespace ?? "" });
    return factsOf(service, { namespace, opaquePorts: this.#options.opaquePorts });
  }

  #all(reference: Reference): readonly Known[] {
    return [...(this.#referring.get(reference) ?? [])].flatMap((id) => this.#known.get(id) ?? []);
  }

  #onObject(kind: Kind, { type, object }: Change<KeptPolicy>): void {
    const id = idOf(kind, object);
    const before = this.#forget(id);
    const after = type === "deleted" ? undefined : this.#learn(id, object);
    this.#listener(id);
    // Where only the status is another one nothing depends on it.
    if (isDeepStrictEqual(before, after)) return;
    const refers = new Set([before, after].flatMap((each) => each?.refers ?? []));
    for (const reference of refers) this.#concern(reference);
    if (kind === "egressNetworks") this.#concernNetworks(object.metadata?.namespace ?? "", id);
  }

  /** Others of the namespace may come to hold or not, and what is attached to them with them. */
  #concernNetworks(namespace: string, turned: StatusId): void {
    for (const id of new Set([turned, ...(this.#networks.get(namespace) ?? [])])) {
      this.#listener(id);
      this.#concern(`EgressNetwork/${namespace}/${partsOf(id).name}`);
    }
  }

  #concernServices({ metadata }: KeptNames): void {
    for (const reference of this.#referring.keys())
      if (reference.startsWith(`Service/${metadata?.name}/`)) this.#concern(reference);
  }

  #concern(reference: Reference): void {
    for (const id of this.#referring.get(reference) ?? []) this.#listener(id);
  }

  #learn(id: StatusId, object: KeptPolicy): Known {
    const { kind, namespace } = partsOf(id);
    const known = read(object, kind, this.#options);
    this.#known.set(id, known);
    for (const reference of known.refers) add(this.#referring, reference, id);
    if (known.type === "network") add(this.#networks, namespace, id);
    return known;
  }

  #forget(id: StatusId): Known | undefined {
    const known = this.#known.get(id);
    this.#known.delete(id);
    for (const reference of known?.refers ?? []) remove(this.#referring, reference, id);
    remove(this.#networks, partsOf(id).namespace, id);
    return known;
  }
}

const opaqueIn = (namespace: KeptNames | undefined): string | undefined =>
  namespace?.metadata?.annotations?.[OPAQUE_PORTS];

type Named = { readonly metadata?: { readonly name?: string; readonly namespace?: string } };

const referenceTo = (kind: "Server" | "Service", { metadata }: Named): Reference =>
  `${kind}/${metadata?.namespace ?? ""}/${metadata?.name ?? ""}`;

const idOf = (kind: Kind, { metadata }: Named): StatusId =>
  `${kind}/${metadata?.namespace ?? ""}/${metadata?.name ?? ""}`;

function partsOf(id: StatusId): { kind: Kind; namespace: string; name: string } {
  const [kind, namespace = "", name = ""] = id.split("/");
  return { kind: kind as Kind, namespace, name };
}

function add<Key>(sets: Map<Key, Set<StatusId>>, key: Key, id: StatusId): void {
  const known = sets.get(key);
  if (known === undefined) sets.set(key, new Set([id]));
  else known.add(id);
}

function remove<Key>(sets: Map<Key, Set<StatusId>>, key: Key, id: StatusId): void {
  const known = sets.get(key);
  known?.delete(id);
  if (known?.size === 0) sets.delete(key);
}
