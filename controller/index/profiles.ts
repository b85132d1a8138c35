/** Profiles of destinations out of informers: which clients each change of an object concerns. */

import { isDeepStrictEqual } from "node:util";
import type { Informer } from "#lib/k8s/informer.ts";
import type { Catalog, Key, ProfileCatalog, ProfileQuery } from "../core/catalog.ts";
import type { EndpointOptions } from "../core/endpoint.ts";
import type { ServiceView } from "../core/outbound-policy.ts";
import type { Profile } from "../core/profile.ts";
import type { ServiceProfile } from "../core/service-profile.ts";
import { holds } from "../core/workload.ts";
import type { KeptPolicy } from "./kept-objects.ts";
import { loneEndpoint } from "./lone-endpoints.ts";
import { type OnFault, PolicyStore, type Turn } from "./policy-store.ts";
import { toServiceProfile } from "./service-profiles.ts";
import { type Listening, listen, type Watched as WatchedBy, wake } from "./watched.ts";

/** How profiles are made. */
export type ProfileOptions = EndpointOptions & {
  readonly cluster: Catalog;
  readonly clusterDomain: string;
  readonly onFault: OnFault;
};

type Target = ProfileQuery["target"];
type Client = Listening & { profile: Profile | undefined };

/** A destination that anyone watches. */
type Watched = WatchedBy<Client> & {
  readonly target: Target;
  /** Without its ServiceProfile. */
  plain: Profile | undefined;
  /** By ServiceProfiles. */
  readonly profiles: Map<ServiceProfile | undefined, Profile>;
};

/** Answers for destinations; keeps who watches which. */
export class Profiles implements ProfileCatalog {
  readonly #options: ProfileOptions;
  readonly #store: PolicyStore<ServiceProfile>;
  readonly #watched = new Map<string, Watched>();

  constructor(informer: Informer<KeptPolicy>, options: ProfileOptions) {
    this.#options = options;
    this.#store = new PolicyStore({
      ...{ informer, resource: "serviceprofiles", onFault: options.onFault },
      read: toServiceProfile,
      onTurn: (turn) => this.#onProfile(turn),
    });
  }

  profile({ target, client }: ProfileQuery): Profile | undefined {
    const watched = this.#watched.get(idOf(target));
    const asked = watched?.clients.get(client);
    if (asked !== undefined) return asked.profile;
    return this.#profileFor(watched ?? { plain: this.#plain(target), profiles: new Map() }, client);
  }

  subscribe({ target, client }: ProfileQuery, listener: () => void): () => void {
    const id = idOf(target);
    const watched = this.#watched.get(id) ?? this.#watch(target);
    const asked = watched.clients.get(client) ?? {
      listeners: new Set(),
      profile: this.#profileFor(watched, client),
    };
    watched.clients.set(client, asked);
    return listen(this.#watched, { id, watched, client, asked }, listener);
  }

  /** Listens no more. */
  stop(): void {
    this.#store.stop();
    for (const { stop } of this.#watched.values()) stop();
  }

  #watch(target: Target): Watched {
    const watched: Watched = {
      ...{ target, clients: new Map(), profiles: new Map() },
      plain: this.#plain(target),
      stop: this.#options.cluster.subscribe(keyOf(target), () => this.#onTarget(watched)),
    };
    this.#watched.set(idOf(target), watched);
    return watched;
  }

  /** Undefined where there is no such Service; an address may always be gone to. */
  #plain(target: Target): Profile | undefined {
    const { cluster } = this.#options;
    if (target.type === "address") {
      const { ip, port } = target;
      const [service, other] = cluster.servicesAt(ip);
      if (other !== undefined) return { type: "conflict", ip };
      return service === undefined ? this.#endpointAt(ip, port) : ofService(service, port);
    }
    const service = cluster.service(target);
    if (service === undefined || target.instance === undefined)
      return service && ofService(service, target.port);
    // A pod that is named is reached wherever it is.
    const { endpoints } = cluster.endpoints({ ...target, node: undefined });
    const [endpoint] = endpoints.values();
    return endpoint && this.#endpointAt(endpoint.ip, target.port);
  }

  #endpointAt(ip: string, port: number): Profile {
    return { type: "endpoint", ...loneEndpoint({ ip, port }, this.#options) };
  }

  /** One value for all clients for whom the same holds. */
  #profileFor(
    { plain, profiles }: Pick<Watched, "plain" | "profiles">,
    client: string,
  ): Profile | undefined {
    if (plain?.type !== "service") return plain;
    const profile = this.#serviceProfile(plain, client);
    const known = profiles.get(profile) ?? { ...plain, profile };
    profiles.set(profile, known);
    return known;
  }

  /** That of the client's namespace, else that of the Service's (DST16). */
  #serviceProfile(service: Name, client: string): ServiceProfile | undefined {
    const name = this.#fullName(service);
    return (
      this.#store.get({ namespace: client, name }) ??
      this.#store.get({ namespace: service.namespace, name })
    );
  }

  #fullName({ name, namespace }: Name): string {
    return `${name}.${namespace}.svc.${this.#options.clusterDomain}`;
  }

  #renew(watched: Watched, namespace: string, client: Client): void {
    const before = client.profile;
    client.profile = this.#profileFor(watched, namespace);
    wake(client, before, client.profile);
  }

  /** Much of a Service and of a pod changes that no profile depends on. */
  #onTarget(watched: Watched): void {
    const plain = this.#plain(watched.target);
    if (isDeepStrictEqual(plain, watched.plain)) return;
    watched.plain = plain;
    watched.profiles.clear();
    for (const [namespace, client] of [...watched.clients]) this.#renew(watched, namespace, client);
  }

  #onProfile({ namespace, name, before }: Turn<ServiceProfile>): void {
    for (const watched of this.#watched.values()) {
      if (watched.plain?.type !== "service") continue;
      if (this.#fullName(watched.plain) !== name) continue;
      const { namespace: own } = watched.plain;
      watched.profiles.delete(before);
      for (const [client, asked] of [...watched.clients])
        if (client === namespace || own === namespace) this.#renew(watched, client, asked);
    }
  }
}

type Name = { readonly name: string; readonly namespace: string };

function ofService({ name, namespace, ports, opaque }: ServiceView, port: number): Profile {
  if (!ports.has(port)) return { type: "empty" };
  return {
    ...{ type: "service", name, namespace, port, profile: undefined },
    opaque: holds(opaque, port),
  };
}

function keyOf(target: Target): Key {
  if (target.type === "address") return `ip/${target.ip}`;
  const { namespace, name } = target;
  return target.instance === undefined
    ? `service/${namespace}/${name}`
    : `endpoints/${namespace}/${name}`;
}

const idOf = (target: Target): string =>
  target.type === "address"
    ? `${target.ip}/${target.port}`
    : `${target.instance ?? ""}.${target.namespace}/${target.name}:${target.port}`;
