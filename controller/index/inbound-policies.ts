/** Policy of ports out of informers: which ports each change of an object concerns. */

import { isDeepStrictEqual } from "node:util";
import type { Catalog, InboundCatalog, WorkloadPort } from "../core/catalog.ts";
import { type PolicyDefaults, type PortPolicy, portPolicy } from "../core/inbound-policy.ts";
import { type Server, serverOf } from "../core/server.ts";
import type { Workload } from "../core/workload.ts";
import {
  type Concern,
  type InboundObjectsOptions,
  type PolicyInformers,
  PolicyObjects,
} from "./inbound-objects.ts";
import type { Turn } from "./policy-store.ts";

/** A port that anyone watches, and the Server that was last about it. */
type WatchedPort = { readonly listeners: Set<() => void>; server: string | undefined };

/** A workload that anyone watches ports of. */
type Watched = {
  readonly namespace: string;
  readonly name: string;
  readonly external: boolean;
  readonly ports: Map<number, WatchedPort>;
  readonly stop: () => void;
  workload: Workload | undefined;
};

/** How policy is read. */
export type InboundOptions = Pick<InboundObjectsOptions, "domain" | "onFault"> & {
  readonly defaults: PolicyDefaults;
};

/** Answers for ports; keeps who watches which. */
export class InboundPolicies implements InboundCatalog {
  readonly objects: PolicyObjects;
  readonly #cluster: Pick<Catalog, "workload" | "subscribe">;
  readonly #defaults: PolicyDefaults;
  readonly #watched = new Map<string, Map<string, Watched>>();

  constructor(
    from: PolicyInformers,
    how: InboundOptions & { readonly cluster: Pick<Catalog, "workload" | "subscribe"> },
  ) {
    this.#cluster = how.cluster;
    this.#defaults = how.defaults;
    this.objects = new PolicyObjects(from, {
      domain: how.domain,
      onFault: how.onFault,
      onServer: (turn) => this.#onServer(turn),
      onConcern: (concern) => this.#onConcern(concern),
    });
  }

  portPolicy(at: WorkloadPort): PortPolicy | undefined {
    const workload = this.#cluster.workload(at);
    return workload && this.#policyOf(workload, at.port);
  }

  subscribe(at: WorkloadPort, listener: () => void): () => void {
    const watched = this.#watch(at);
    const port = watched.ports.get(at.port) ?? {
      listeners: new Set(),
      server: this.#serverOf(watched, at.port),
    };
    watched.ports.set(at.port, port);
    port.listeners.add(listener);
    return () => {
      port.listeners.delete(listener);
      if (port.listeners.size > 0 || watched.ports.get(at.port) !== port) return;
      watched.ports.delete(at.port);
      if (watched.ports.size === 0) this.#unwatch(watched);
    };
  }

  /** Listens no more. */
  stop(): void {
    this.objects.stop();
    for (const workloads of this.#watched.values())
      for (const watched of workloads.values()) watched.stop();
  }

  #policyOf(workload: Workload, port: number): PortPolicy {
    const objects = this.objects.in(workload.namespace);
    return portPolicy(workload, port, { objects, defaults: this.#defaults });
  }

  #serverOf({ workload }: Watched, port: number): string | undefined {
    return workload && serverOf(workload, port, this.objects.servers(workload.namespace))?.name;
  }

  #watch({ namespace, name, external = false }: WorkloadPort): Watched {
    const inNamespace = this.#watched.get(namespace) ?? new Map<string, Watched>();
    this.#watched.set(namespace, inNamespace);
    const id = idOf({ name, external });
    const known = inNamespace.get(id);
    if (known !== undefined) return known;
    const key = `${external ? "external" : "pod"}/${namespace}/${name}` as const;
    const watched: Watched = {
      ...{ namespace, name, external, ports: new Map() },
      workload: this.#cluster.workload({ namespace, name, external }),
      stop: this.#cluster.subscribe(key, () => this.#onWorkload(watched)),
    };
    inNamespace.set(id, watched);
    return watched;
  }

  #unwatch(watched: Watched): void {
    watched.stop();
    const inNamespace = this.#watched.get(watched.namespace);
    if (inNamespace?.get(idOf(watched)) !== watched) return;
    inNamespace.delete(idOf(watched));
    if (inNamespace.size === 0) this.#watched.delete(watched.namespace);
  }

  /** Much of a pod changes that no policy depends on. */
  #onWorkload(watched: Watched): void {
    const before = watched.workload;
    const after = this.#cluster.workload(watched);
    watched.workload = after;
    for (const [number, port] of watched.ports) {
      const was = before && this.#policyOf(before, number);
      const is = after && this.#policyOf(after, number);
      port.server = this.#serverOf(watched, number);
      if (!isDeepStrictEqual(was, is)) wake(port);
    }
  }

  /** A Server concerns the ports that it was about or is about now, not those that it would be about but for another. */
  #onServer({ namespace, name }: Turn<Server>): void {
    for (const [watched, number, port] of this.#portsIn(namespace)) {
      const was = port.server;
      port.server = this.#serverOf(watched, number);
      if (was === name || port.server === name) wake(port);
    }
  }

  #onConcern({ namespace, servers }: Concern): void {
    for (const [, , port] of this.#portsIn(namespace))
      if (port.server !== undefined && servers(port.server)) wake(port);
  }

  #portsIn(namespace: string): readonly (readonly [Watched, number, WatchedPort])[] {
    return [...(this.#watched.get(namespace)?.values() ?? [])].flatMap((watched) =>
      [...watched.ports].map(([number, port]) => [watched, number, port] as const),
    );
  }
}

function wake({ listeners }: WatchedPort): void {
  for (const listener of [...listeners]) listener();
}

/** A pod and a workload outside of the cluster may share a name. */
const idOf = ({ name, external }: { readonly name: string; readonly external: boolean }): string =>
  external ? `outside/${name}` : name;
