/** Servers that say that a port is opaque: clients are told so with its endpoints (DST9). */

import type { Informer } from "#lib/k8s/informer.ts";
import { isAbout, type Server } from "../core/server.ts";
import type { Ports, Workload } from "../core/workload.ts";
import type { KeptPolicy } from "./kept-objects.ts";
import { PolicyStore } from "./policy-store.ts";
import { toServer } from "./servers.ts";

/** Whose ports may be marked otherwise than before. */
export type MarksTurn = {
  readonly namespace: string;
  readonly concerns: (workload: Workload) => boolean;
};

const ALL_PORTS: Ports = [{ from: 1, to: 0xffff }];
/** Servers are read elsewhere for whom they allow, where what is wrong with one is told, and identities count. */
const NO_DOMAIN = { controlPlaneNamespace: "", trustDomain: "" };

/** The Servers of protocol `opaque`. */
export class OpaqueServers {
  readonly #store: PolicyStore<Server | undefined>;

  constructor(informer: Informer<KeptPolicy>, onTurn: (turn: MarksTurn) => void) {
    this.#store = new PolicyStore({
      ...{ informer, resource: "servers", onFault: () => undefined },
      read: (object, faults) => {
        const server = toServer(object, { faults, domain: NO_DOMAIN });
        return server.protocol === "opaque" ? server : undefined;
      },
      onTurn: ({ namespace, before, after }) => {
        const servers = [before, after].flatMap((each) => each ?? []);
        onTurn({
          namespace,
          concerns: (workload) => servers.some((each) => portsOf(each, workload).length > 0),
        });
      },
    });
  }

  /** A workload with its ports that Servers say are opaque. */
  mark(workload: Workload): Workload {
    const marked = this.#store
      .in(workload.namespace)
      .flatMap((server) => (server === undefined ? [] : portsOf(server, workload)));
    return marked.length === 0
      ? workload
      : { ...workload, opaque: [...workload.opaque, ...marked] };
  }

  /** Listens no more. */
  stop(): void {
    this.#store.stop();
  }
}

function portsOf(server: Server, workload: Workload): Ports {
  const { port } = server;
  const numbers =
    typeof port === "string"
      ? (workload.namedPorts.get(port) ?? [])
      : port === undefined
        ? []
        : [port];
  if (port === undefined) return isAbout(server, workload, 1) ? ALL_PORTS : [];
  return numbers
    .filter((number) => isAbout(server, workload, number))
    .map((number) => ({ from: number, to: number }));
}
