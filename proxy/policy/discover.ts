/** What inbound and outbound ask of the control plane; proxy/control answers. */

import type { SocketAddr } from "#lib/addr/socket-addr.ts";
import type { ClientPolicy, EndpointUpdate } from "./client-policy.ts";
import type { Profile } from "./profile.ts";
import type { ServerPolicy } from "./server-policy.ts";

/** A subscription that can be ended. */
export interface Watch {
  cancel(): void;
}

/** A destination by its name: a host in lower case that is no address, and a port. */
export interface ServiceName {
  readonly host: string;
  readonly port: number;
}

/** Finds out about destinations. Each callback comes at once or later, and again on every change. */
export interface ClientDiscovery {
  watchPolicy(addr: SocketAddr, onPolicy: (policy: ClientPolicy) => void): Watch;
  /** The policy of a name; that of type `unknown` where nobody knows it. */
  watchNamed(name: ServiceName, onPolicy: (policy: ClientPolicy) => void): Watch;
  watchEndpoints(path: string, onUpdate: (update: EndpointUpdate) => void): Watch;
}

/** Finds out about the workload's own ports. */
export interface ServerDiscovery {
  watchPort(port: number, onPolicy: (policy: ServerPolicy) => void): Watch;
  /** The ServiceProfile of a name; undefined where there is none. */
  watchProfile(name: ServiceName, onProfile: (profile: Profile | undefined) => void): Watch;
}
