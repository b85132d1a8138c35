/** What inbound knows of a port: its protocol, its routes, who may call and how often. */

import type { Cidr } from "#lib/addr/cidr.ts";
import type { Filter } from "./filter.ts";
import type { RateLimit } from "./rate-limit.ts";
import type { RouteTable } from "./route-match.ts";

/** Names a piece of server policy in metrics. */
export interface ServerLabels {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
}

/** Who satisfies an authorization, beside its networks. */
export type Authentication =
  | { readonly type: "unauthenticated" }
  | { readonly type: "tls-unauthenticated" }
  | {
      readonly type: "identities";
      readonly identities: ReadonlySet<string>;
      /** Each ends a name of DNS, after a dot, and no URI; an empty one stands for any identity. */
      readonly suffixes: readonly string[];
    };

/** One authorization: networks and an authentication, both must hold. */
export interface Authorization {
  readonly networks: readonly { readonly net: Cidr; readonly except: readonly Cidr[] }[];
  readonly authentication: Authentication;
  readonly labels: ServerLabels;
}

/** What holds for the requests of a rule. */
export interface InboundRule {
  /** Its place among all rules of the policy, from 0. */
  readonly index: number;
  /** Its route's. */
  readonly labels: ServerLabels;
  /** Those of the route, then those of the server: any of them lets a client call. */
  readonly authorizations: readonly Authorization[];
  readonly filters: readonly Filter[];
  /** Why all of its requests are refused; undefined where they are not. */
  readonly fault: string | undefined;
}

/** The policy of one port. */
export interface ServerPolicy {
  readonly protocol:
    | { readonly type: "detect"; readonly timeoutMs: number }
    | { readonly type: "http1" | "http2" | "grpc" | "opaque" | "tls" };
  /** Who may connect, and call whatever the route. */
  readonly authorizations: readonly Authorization[];
  /** The rule of each request of HTTP; one that none takes is not found. */
  readonly routes: RouteTable<InboundRule>;
  readonly rateLimit: RateLimit | undefined;
  readonly labels: ServerLabels;
}
