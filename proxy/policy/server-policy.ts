/** What inbound knows of a port: its protocol and who may call. */

import type { Cidr } from "#lib/addr/cidr.ts";

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
      /** Each ends a name, after a dot; an empty one stands for any identity. */
      readonly suffixes: readonly string[];
    };

/** One authorization: networks and an authentication, both must hold. */
export interface Authorization {
  readonly networks: readonly { readonly net: Cidr; readonly except: readonly Cidr[] }[];
  readonly authentication: Authentication;
  readonly labels: ServerLabels;
}

/** The policy of one port. */
export interface ServerPolicy {
  readonly protocol:
    | { readonly type: "detect"; readonly timeoutMs: number }
    | { readonly type: "http1" | "http2" | "grpc" | "opaque" | "tls" };
  readonly authorizations: readonly Authorization[];
  readonly labels: ServerLabels;
}
