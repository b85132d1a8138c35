/** The policies that hold where the controller has said nothing, or not yet. */

import { Cidr } from "#lib/addr/cidr.ts";
import type { SocketAddr } from "#lib/addr/socket-addr.ts";
import type {
  ClientPolicy,
  DefaultQueue,
  Endpoint,
  Metadata,
  OpaqueRoute,
  Route,
  Rule,
} from "./client-policy.ts";
import { prepareInbound } from "./inbound-routes.ts";
import type { Authentication, Authorization, ServerPolicy } from "./server-policy.ts";

/** The names of Linkerd's default inbound policies. */
export const DEFAULT_POLICIES = [
  "all-unauthenticated",
  "all-authenticated",
  "cluster-unauthenticated",
  "cluster-authenticated",
  "deny",
  "audit",
] as const;
export type DefaultPolicyName = (typeof DEFAULT_POLICIES)[number];

const ANY = ["0.0.0.0/0", "::/0"];
const LOCALHOST = ["127.0.0.1/32", "::1/128"];
const UNAUTHENTICATED: Authentication = { type: "unauthenticated" };
const ANY_IDENTITY: Authentication = { type: "identities", identities: new Set(), suffixes: [""] };

/** Always allowed: the pod's own loopback (proxy-api.md, 3.10). */
export const LOCALHOST_AUTHORIZATION: Authorization = authorization("localhost", {
  networks: LOCALHOST,
  authentication: UNAUTHENTICATED,
});

/** The policy of a port by its default's name; `clusterNetworks` matter to `cluster-*`. */
export function defaultServerPolicy(
  name: DefaultPolicyName,
  how: {
    readonly clusterNetworks: readonly string[];
    readonly opaque: boolean;
    readonly detectTimeoutMs: number;
  },
): ServerPolicy {
  const networks = name.startsWith("cluster-") ? how.clusterNetworks : ANY;
  const authentication = name.endsWith("-authenticated") ? ANY_IDENTITY : UNAUTHENTICATED;
  const own = name === "deny" ? [] : [authorization(name, { networks, authentication })];
  const authorizations = [LOCALHOST_AUTHORIZATION, ...own];
  return {
    protocol: how.opaque ? { type: "opaque" } : { type: "detect", timeoutMs: how.detectTimeoutMs },
    authorizations,
    routes: prepareInbound([], authorizations),
    rateLimit: undefined,
    labels: { group: "", kind: "default", name },
  };
}

function authorization(
  name: string,
  {
    networks,
    authentication,
  }: { readonly networks: readonly string[]; readonly authentication: Authentication },
): Authorization {
  return {
    networks: networks.flatMap((text) => {
      const net = Cidr.parse(text);
      return net === undefined ? [] : [{ net, except: [] }];
    }),
    authentication,
    labels: { group: "", kind: "default", name },
  };
}

/** Metadata of something nobody configured. */
export function defaultMetadata(name: string): Metadata {
  return { group: "", kind: "default", namespace: "", name, section: "", port: 0 };
}

/** What a rule has that says nothing of time. */
export const UNLIMITED: Pick<Rule, "timeouts" | "retry" | "accrual" | "profile" | "allowsHeaders"> =
  {
    timeouts: {
      requestMs: undefined,
      responseMs: undefined,
      idleMs: undefined,
      profileMs: undefined,
    },
    retry: undefined,
    accrual: undefined,
    profile: undefined,
    allowsHeaders: false,
  };

/** Passes through to where the client meant to go: for destinations that no policy knows. */
export function fallbackPolicy(
  addr: SocketAddr,
  how: {
    readonly timeoutMs: number;
    readonly queue: DefaultQueue;
    readonly endpoint?: Endpoint;
    readonly opaque?: boolean;
    /** Requests say where they go, but these do not (P27). */
    readonly ingress?: boolean;
  },
): ClientPolicy {
  const metadata = defaultMetadata("egress-fallback");
  const endpoint: Endpoint = how.endpoint ?? {
    addr,
    identity: undefined,
    hint: undefined,
    directPort: undefined,
    authority: undefined,
    labels: {},
    ...(how.ingress === true && { plainReason: "ingress_without_override" as const }),
  };
  const backend = { metadata, target: { type: "forward" as const, endpoint }, ...how.queue };
  const choice = { backend, weight: 1, filters: [], refusal: undefined };
  const distribution = { type: "random" as const, choices: [choice] };
  const routes: readonly Route[] = [
    { metadata, hosts: [], rules: [{ ...UNLIMITED, matches: [], filters: [], distribution }] },
  ];
  const opaque: readonly OpaqueRoute[] = [
    { metadata, names: [], refusal: undefined, distribution },
  ];
  if (how.opaque === true) return { metadata, protocol: { type: "opaque", routes: opaque } };
  return {
    metadata,
    protocol: {
      type: "detect",
      timeoutMs: how.timeoutMs,
      http1: routes,
      http2: routes,
      opaque,
    },
  };
}
