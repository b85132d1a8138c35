/** EgressNetworks out of an informer: which of them holds for a client's address, and whether it takes routes (OUT10). */

import { Cidr } from "#lib/addr/cidr.ts";
import type { Informer } from "#lib/k8s/informer.ts";
import { type EgressNetwork, egressOf, egressRefusal } from "../core/egress.ts";
import { type EgressReading, toEgressNetwork } from "./egress-networks.ts";
import type { KeptPolicy } from "./kept-objects.ts";
import { type OnFault, PolicyStore, type Turn } from "./policy-store.ts";

/** How they are read, and who hears of them. */
export type EgressOptions = Omit<EgressReading, "faults"> & {
  readonly onFault: OnFault;
  readonly onTurn: (turn: Turn<EgressNetwork>) => void;
  /** Whose EgressNetworks hold for clients in whose namespace there is none. */
  readonly globalEgressNamespace: string;
};

/** The EgressNetworks of all namespaces. */
export class EgressStore {
  readonly #store: PolicyStore<EgressNetwork>;
  readonly #global: string;
  readonly #clusterNetworks: readonly Cidr[];

  constructor(informer: Informer<KeptPolicy>, options: EgressOptions) {
    const { onFault, onTurn, clusterNetworks, globalEgressNamespace } = options;
    this.#global = globalEgressNamespace;
    this.#clusterNetworks = clusterNetworks.flatMap((text) => Cidr.parse(text) ?? []);
    this.#store = new PolicyStore({
      ...{ informer, resource: "egressnetworks", onFault, onTurn },
      read: (object, faults) => toEgressNetwork(object, { ...options, faults }),
    });
  }

  has(at: { readonly name: string; readonly namespace: string }): boolean {
    return this.#store.get(at) !== undefined;
  }

  /** The one that an address is in for clients of a namespace. */
  around(
    ip: string,
    client: string,
  ): { readonly network: EgressNetwork; readonly accepted: boolean } | undefined {
    const own = this.#store.in(client);
    const others = own.length > 0 ? own : this.#store.in(this.#global);
    const network = egressOf(ip, others);
    if (network === undefined) return undefined;
    const refusal = egressRefusal(network, { clusterNetworks: this.#clusterNetworks, others });
    return { network, accepted: refusal === undefined };
  }

  /** Listens no more. */
  stop(): void {
    this.#store.stop();
  }
}
