/** What outbound knows of a destination: how to speak to it, by which routes, to which backends. */

import type { SocketAddr } from "#lib/addr/socket-addr.ts";
import type { HostMatch, RequestMatch } from "./request-match.ts";

/** Where a piece of policy comes from, as metrics name it. */
export interface Metadata {
  readonly group: string;
  /** `default` for what nobody configured. */
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly section: string;
  readonly port: number;
}

/** One endpoint of a destination. */
export interface Endpoint {
  readonly addr: SocketAddr;
  /** The identity it must prove; undefined: not meshed, plaintext. */
  readonly identity: { readonly name: string; readonly serverName: string } | undefined;
  /** What the other proxy speaks on top: `h2` carries HTTP/1 over HTTP/2. */
  readonly hint: "h2" | "opaque" | undefined;
  /** The inbound proxy's own port, when it is to be reached by transport header. */
  readonly directPort: number | undefined;
  /** `dst_*` labels, without the prefix. */
  readonly labels: Readonly<Record<string, string>>;
}

/** Where requests of a rule go. */
export type BackendTarget =
  | {
      readonly type: "balancer";
      /** What is asked of discovery: `svc.ns.svc.domain:port`. */
      readonly path: string;
      readonly defaultRttMs: number;
      readonly decayMs: number;
    }
  | { readonly type: "forward"; readonly endpoint: Endpoint }
  | { readonly type: "fail"; readonly message: string };

/** A backend and the queue in front of it. */
export interface Backend {
  readonly metadata: Metadata;
  readonly target: BackendTarget;
  readonly queueCapacity: number;
  readonly failfastMs: number;
}

/** One rule of a route: which requests (no match: all), and by weight which backends. */
export interface Rule {
  readonly matches: readonly RequestMatch[];
  readonly backends: readonly { readonly backend: Backend; readonly weight: number }[];
}

/** A route with its rules. */
export interface Route {
  readonly metadata: Metadata;
  /** For which hosts; none: for all. */
  readonly hosts: readonly HostMatch[];
  readonly rules: readonly Rule[];
}

/** How connections to the destination are spoken. */
export type ClientProtocol =
  | {
      readonly type: "detect";
      readonly timeoutMs: number;
      readonly http1: readonly Route[];
      readonly http2: readonly Route[];
      readonly opaque: readonly Route[];
    }
  | { readonly type: "http1" | "http2" | "grpc"; readonly routes: readonly Route[] }
  | { readonly type: "opaque" | "tls"; readonly routes: readonly Route[] }
  | { readonly type: "forbidden" }
  | { readonly type: "invalid"; readonly message: string };

/** The policy of one destination. */
export interface ClientPolicy {
  readonly metadata: Metadata;
  readonly protocol: ClientProtocol;
}

/** What discovery says of a set of endpoints: these and no others, some added or replaced, some removed, or all gone. */
export type EndpointUpdate =
  | { readonly type: "set"; readonly endpoints: readonly Endpoint[] }
  | { readonly type: "add"; readonly endpoints: readonly Endpoint[] }
  | { readonly type: "remove"; readonly addrs: readonly SocketAddr[] }
  | { readonly type: "no-endpoints"; readonly exists: boolean };
