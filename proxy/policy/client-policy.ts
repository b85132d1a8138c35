/** What outbound knows of a destination: how to speak to it, by which routes, to which backends. */

import type { SocketAddr } from "#lib/addr/socket-addr.ts";
import type { AccrualRule } from "./accrual-rule.ts";
import type { Filter } from "./filter.ts";
import type { ProfileRule } from "./profile-rule.ts";
import type { HostMatch, RequestMatch } from "./request-match.ts";
import type { RetryRule } from "./retry-rule.ts";

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
  /** Why it has none, where that is not because discovery gives none (LBL1). */
  readonly plainReason?: "ingress_without_override";
  /** What the other proxy speaks on top: `h2` carries HTTP/1 over HTTP/2. */
  readonly hint: "h2" | "opaque" | undefined;
  /** The inbound proxy's own port, when it is to be reached by transport header. */
  readonly directPort: number | undefined;
  /** What a gateway is asked for there: requests name it, and the transport header has its host and port. */
  readonly authority:
    | { readonly text: string; readonly host: string; readonly port: number }
    | undefined;
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
      /** Beside the times of answers, what they say (P30). */
      readonly penalty?: { readonly penaltyMs: number; readonly maxRetryAfterMs: number };
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

/** How many requests or connections wait where policy does not say it, and for how many milliseconds nothing may be ready. */
export type DefaultQueue = Pick<Backend, "queueCapacity" | "failfastMs">;

/** A backend with its weight, and what is done to requests that go there. */
export interface RouteBackend {
  readonly backend: Backend;
  readonly weight: number;
  readonly filters: readonly Filter[];
}

/** Which of the backends of a rule is taken: one by weight, or the first, of those that are available. */
export interface Distribution<Choice> {
  readonly type: "random" | "first";
  readonly choices: readonly Choice[];
}

/** How long a request may take, in milliseconds; undefined: as long as it likes. */
export interface Timeouts {
  /** With all its attempts. */
  readonly requestMs: number | undefined;
  /** From the end of the request to the end of the answer. */
  readonly responseMs: number | undefined;
  /** Between two chunks of either side. */
  readonly idleMs: number | undefined;
  /** Of a ServiceProfile: until an answer begins, with all attempts. */
  readonly profileMs: number | undefined;
}

/** One rule of a route: which requests (no match: all), what is done to them, and to which backends they go. */
export interface Rule {
  readonly matches: readonly RequestMatch[];
  readonly filters: readonly Filter[];
  readonly distribution: Distribution<RouteBackend>;
  readonly timeouts: Timeouts;
  readonly retry: RetryRule | undefined;
  /** Of its balancers' endpoints. */
  readonly accrual: AccrualRule | undefined;
  /** Of a ServiceProfile; undefined where it comes from none. */
  readonly profile: ProfileRule | undefined;
  /** Whether requests may say by headers how they are tried and how long they wait (P19). */
  readonly allowsHeaders: boolean;
}

/** A route with its rules. */
export interface Route {
  readonly metadata: Metadata;
  /** For which hosts; none: for all. */
  readonly hosts: readonly HostMatch[];
  readonly rules: readonly Rule[];
}

/** Why a connection of opaque bytes is closed, as metrics name it (MET36). */
export type OpaqueRefusal = "forbidden" | "invalid_backend";

/** A route of opaque bytes or of TLS, which has one rule. */
export interface OpaqueRoute {
  readonly metadata: Metadata;
  /** For which names TLS asks (SNI); none: for all. */
  readonly names: readonly HostMatch[];
  /** All its connections are closed. */
  readonly refusal: OpaqueRefusal | undefined;
  readonly distribution: Distribution<
    Pick<RouteBackend, "backend" | "weight"> & { readonly refusal: OpaqueRefusal | undefined }
  >;
}

/** How connections to the destination are spoken. */
export type ClientProtocol =
  | {
      readonly type: "detect";
      readonly timeoutMs: number;
      readonly http1: readonly Route[];
      readonly http2: readonly Route[];
      readonly opaque: readonly OpaqueRoute[];
    }
  | { readonly type: "http1" | "http2" | "grpc"; readonly routes: readonly Route[] }
  | { readonly type: "opaque" | "tls"; readonly routes: readonly OpaqueRoute[] }
  /** HTTP is answered with 500, everything else is closed (ERR18). */
  | { readonly type: "invalid"; readonly message: string }
  /** Of a name that is nobody's. */
  | { readonly type: "unknown" };

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
