/** Who may call a port and how: by the Server that is about it, else by the default of the pod (INB2 to INB11). */

import {
  type Authentications,
  type Authorization,
  type AuthorizationPolicy,
  concerns,
  fromAuthorizationPolicy,
  fromServerAuthorization,
  type PolicyRef,
  policyRef,
  type ServerAuthorization,
} from "./authorization.ts";
import { allowedBy, DEFAULT_POLICIES, type DefaultPolicy, hardened } from "./default-policy.ts";
import { attachedRoutes, type InboundRoute, probeRoute } from "./inbound-routes.ts";
import { byAge, type GrpcMatch, type GrpcRoute, type HttpMatch, type HttpRoute } from "./route.ts";
import { oldest, type PortProtocol, type RateLimit, type Server, serverOf } from "./server.ts";
import { holds, type Workload } from "./workload.ts";

/** The policy of one port. */
export type PortPolicy = {
  readonly protocol: PortProtocol;
  /** The Server, or the name of the default policy. */
  readonly ref: PolicyRef;
  readonly authorizations: readonly Authorization[];
  /** Empty: one route for everything. Only where HTTP is spoken, or may be. */
  readonly httpRoutes: readonly InboundRoute<HttpMatch>[];
  /** Only where gRPC is spoken. */
  readonly grpcRoutes: readonly InboundRoute<GrpcMatch>[];
  readonly rateLimit: RateLimit | undefined;
};

/** The cluster's own settings. */
export type PolicyDefaults = {
  readonly defaultPolicy: DefaultPolicy;
  readonly clusterNetworks: readonly string[];
  readonly probeNetworks: readonly string[];
};

/** The policy objects of a workload's namespace, and what their references lead to. */
export type InboundObjects = {
  readonly servers: readonly Server[];
  readonly serverAuthorizations: readonly ServerAuthorization[];
  readonly authorizationPolicies: readonly AuthorizationPolicy[];
  readonly httpRoutes: readonly HttpRoute[];
  readonly grpcRoutes: readonly GrpcRoute[];
  readonly rateLimits: readonly RateLimit[];
  readonly authentications: Authentications;
};

/** The policy of a port of a workload. */
export function portPolicy(
  workload: Workload,
  port: number,
  from: { readonly objects: InboundObjects; readonly defaults: PolicyDefaults },
): PortPolicy {
  const { objects, defaults } = from;
  const server = serverOf(workload, port, objects.servers);
  const policy =
    server === undefined
      ? defaultPolicy(workload, port, defaults)
      : serverPolicy(server, objects, defaults);
  const probe = probeRoute(workload.probes.get(port) ?? [], defaults.probeNetworks);
  if (policy.httpRoutes.length > 0 || probe === undefined || !speaksHttp(policy.protocol))
    return policy;
  return { ...policy, httpRoutes: probe };
}

/** Whether routes of HTTP are looked at. */
const speaksHttp = (protocol: PortProtocol): boolean =>
  protocol === "detect" || protocol === "http1" || protocol === "http2";

/** A default that is not known counts for nothing: the cluster's stands. */
function defaultPolicy(workload: Workload, port: number, defaults: PolicyDefaults): PortPolicy {
  const own = DEFAULT_POLICIES.find((each) => each === workload.defaultPolicy);
  const plain = own ?? defaults.defaultPolicy;
  const name = holds(workload.requireIdentity, port) ? hardened(plain) : plain;
  return {
    protocol: holds(workload.opaque, port) ? "opaque" : "detect",
    ref: { type: "default", name },
    authorizations: allowedBy(name, defaults.clusterNetworks),
    httpRoutes: [],
    grpcRoutes: [],
    rateLimit: undefined,
  };
}

function serverPolicy(
  server: Server,
  objects: InboundObjects,
  defaults: PolicyDefaults,
): PortPolicy {
  const { protocol, name } = server;
  const ref = policyRef("server", name);
  // Nobody is allowed anything by a Server that is not known whole, on none of its routes.
  const known = server.fault === undefined;
  const routes = { objects: known ? objects : { ...objects, authorizationPolicies: [] }, server };
  const grpcRoutes = attachedRoutes(objects.grpcRoutes, routes);
  // GRPCRoutes take the place of HTTPRoutes, also where nothing goes by them (INB12).
  const takesHttp = speaksHttp(protocol) && grpcRoutes.length === 0;
  return {
    protocol,
    ref,
    authorizations: known ? authorizationsOf(server, objects, defaults) : [],
    httpRoutes: takesHttp ? attachedRoutes(objects.httpRoutes, routes) : [],
    grpcRoutes: protocol === "grpc" ? grpcRoutes : [],
    rateLimit: oldest(objects.rateLimits.filter((each) => each.server === name)),
  };
}

/** In a fixed order: what the Server says itself, then by age and name; last that an audit allows everybody, for whom nothing else does. */
function authorizationsOf(
  server: Server,
  { serverAuthorizations, authorizationPolicies, authentications }: InboundObjects,
  { clusterNetworks }: PolicyDefaults,
): readonly Authorization[] {
  const older = serverAuthorizations.filter((each) => concerns(each, server)).sort(byAge);
  const policies = authorizationPolicies.filter(({ target }) => {
    if (target?.type === "server") return target.name === server.name;
    return target?.type === "namespace";
  });
  const own = allowedBy(server.accessPolicy, clusterNetworks);
  const isAudit = server.accessPolicy === "audit";
  return [
    ...(isAudit ? [] : own),
    ...older.flatMap((each) => fromServerAuthorization(each, clusterNetworks) ?? []),
    ...policies.sort(byAge).flatMap((each) => fromAuthorizationPolicy(each, authentications) ?? []),
    ...(isAudit ? own : []),
  ];
}
