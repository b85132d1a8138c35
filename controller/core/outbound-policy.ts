/** How a client's proxy reaches a destination (OUT1 to OUT13). */

import { type AnyRoute, attachedTo, type Frontend, type RouteSet } from "./attached-routes.ts";
import {
  type BackendObjects,
  type OutboundBackend,
  type OutboundParent,
  type OutboundRef,
  parentBackend,
  type Resolving,
  withoutLoad,
} from "./outbound-backends.ts";
import {
  type GrpcOutbound,
  type HttpOutbound,
  type OutboundRule,
  resolveGrpc,
  resolveHttp,
  resolveStream,
  type StreamOutbound,
} from "./outbound-routes.ts";
import type { HttpMatch } from "./route.ts";
import type { FailureAccrual, ParentTraffic } from "./traffic.ts";
import { holds, type Ports } from "./workload.ts";

/** A Service as the controllers see it. */
export type ServiceView = {
  readonly name: string;
  readonly namespace: string;
  readonly clusterIps: readonly string[];
  readonly external: boolean;
  /** `appProtocol` by port. */
  readonly ports: ReadonlyMap<number, string | undefined>;
  /** Ports that have a name. */
  readonly portNames: ReadonlyMap<string, number>;
  readonly opaque: Ports;
  readonly traffic: ParentTraffic;
};

/** What the policy of a destination is about. */
export type Destination =
  | { readonly type: "service"; readonly service: ServiceView; readonly port: number }
  | { readonly type: "unknown-address"; readonly ip: string; readonly port: number };

/** What is spoken, with the routes for it. */
export type OutboundProtocol =
  | {
      readonly type: "detect";
      readonly http: readonly HttpOutbound[];
      readonly opaque: readonly StreamOutbound[];
    }
  | { readonly type: "http1" | "http2"; readonly routes: readonly HttpOutbound[] }
  | { readonly type: "grpc"; readonly routes: readonly GrpcOutbound[] }
  | { readonly type: "tls" | "opaque"; readonly routes: readonly StreamOutbound[] };

/** The policy of a destination for a client. */
export type OutboundPolicy = {
  readonly ref: OutboundRef;
  readonly protocol: OutboundProtocol;
  readonly accrual: FailureAccrual | undefined;
};

/** The port that routes may be attached to; undefined where there is none, as with a Service without an address of its own. */
export function frontendOf(destination: Destination): Frontend | undefined {
  if (destination.type !== "service") return undefined;
  const { service, port } = destination;
  const { name, namespace } = service;
  if (!service.ports.has(port) || service.external || service.clusterIps.length === 0)
    return undefined;
  const named = [...service.portNames].filter(([, number]) => number === port);
  return { kind: "Service", name, namespace, port, sections: named.map(([section]) => section) };
}

/** What policies are made of. */
export type OutboundSource = {
  /** All that are attached to the destination's object. */
  readonly routes: readonly AnyRoute[];
  /** Whose routes hold for the client. */
  readonly namespace: string;
  readonly objects: BackendObjects;
};

/** The policy of a destination. */
export function outboundPolicy(destination: Destination, from: OutboundSource): OutboundPolicy {
  if (destination.type === "unknown-address") return fallback(destination);
  const { service, port } = destination;
  const ref = serviceRef(service, port);
  if (!service.ports.has(port)) return undefinedPort(ref);
  const frontend = frontendOf(destination);
  const routes =
    frontend === undefined ? NO_ROUTES : attachedTo(from.routes, frontend, from.namespace);
  const { name, namespace, traffic } = service;
  const target = { type: "balancer", name, namespace, port, load: traffic.load } as const;
  const resolving = { parent: { ref, target, traffic }, objects: from.objects };
  const spoken = spokenOn(service, port);
  return {
    ref,
    protocol: protocolOf(spoken, routes, resolving),
    accrual: traffic.accrual,
  };
}

const NO_ROUTES: RouteSet = { http: [], grpc: [], tls: [], tcp: [] };

const serviceRef = ({ name, namespace }: ServiceView, port: number): OutboundParent["ref"] => ({
  type: "object",
  group: "core",
  kind: "Service",
  name,
  namespace,
  port,
});

/** What the Service says of a port; an application's protocol that is not known is opaque (OUT2). */
function spokenOn(service: ServiceView, port: number): "any" | "http1" | "http2" | "opaque" {
  if (holds(service.opaque, port)) return "opaque";
  switch (service.ports.get(port)?.toLowerCase()) {
    case undefined:
    case "":
      return "any";
    case "http":
      return "http1";
    case "kubernetes.io/h2c":
      return "http2";
    default:
      return "opaque";
  }
}

/** Routes of one kind hold: of gRPC before those of HTTP, TLS and TCP (OUT2, OUT3). */
function protocolOf(
  spoken: ReturnType<typeof spokenOn>,
  routes: RouteSet,
  by: Resolving,
): OutboundProtocol {
  const http = (): readonly HttpOutbound[] =>
    routes.http.length === 0 ? [defaultHttp(by)] : routes.http.map((each) => resolveHttp(each, by));
  if (spoken === "opaque") return { type: "opaque", routes: opaqueRoutes(routes, by) };
  if (spoken === "http1") return { type: "http1", routes: http() };
  if (routes.grpc.length > 0)
    return { type: "grpc", routes: routes.grpc.map((each) => resolveGrpc(each, by)) };
  if (spoken === "http2") return { type: "http2", routes: http() };
  if (routes.http.length === 0 && routes.tls.length > 0)
    return { type: "tls", routes: routes.tls.map((each) => resolveStream(each, by)) };
  if (routes.http.length === 0 && routes.tcp.length > 0)
    return { type: "opaque", routes: opaqueRoutes(routes, by) };
  return { type: "detect", http: http(), opaque: [defaultStream("opaq", by)] };
}

/** The first alone counts: connections have nothing to choose by. */
function opaqueRoutes({ tcp: [first] }: RouteSet, by: Resolving): readonly StreamOutbound[] {
  return [first === undefined ? defaultStream("opaq", by) : resolveStream(first, by)];
}

const ANY: HttpMatch = {
  path: { type: "prefix", value: "/" },
  method: undefined,
  headers: [],
  queryParams: [],
};

/** A rule that nobody wrote. */
const plainRule = (backend: OutboundBackend): OutboundRule<never, never> => ({
  matches: [],
  filters: [],
  shared: false,
  backends: [backend],
  timeouts: undefined,
  backendRequestMs: undefined,
  retry: undefined,
  attached: false,
});

/** Everything goes to the parent, by what the parent says of retries and timeouts (OUT5, OUT8). */
function defaultHttp({ parent }: Resolving): HttpOutbound {
  const { httpRetry: retry, timeouts } = parent.traffic;
  const rule = { ...plainRule(parentBackend(parent)), matches: [ANY], retry, timeouts };
  return { ref: { type: "default", name: "http" }, hosts: [], rules: [rule] };
}

const defaultStream = (name: string, { parent }: Resolving): StreamOutbound => ({
  ref: { type: "default", name },
  hosts: [],
  rules: [plainRule(parentBackend(withoutLoad(parent)))],
});

/** Detected, and sent where it was going (OUT11). */
function fallback({
  ip,
  port,
}: Destination & { readonly type: "unknown-address" }): OutboundPolicy {
  const ref: OutboundRef = { type: "default", name: "egress-fallback" };
  const rule = plainRule({ ref, target: { type: "forward", ip, port }, filters: [], weight: 1 });
  const http: HttpOutbound = { ref, hosts: [], rules: [{ ...rule, matches: [ANY] }] };
  const opaque: StreamOutbound = { ref, hosts: [], rules: [rule] };
  return { ref, protocol: { type: "detect", http: [http], opaque: [opaque] }, accrual: undefined };
}

/** Nothing may pass (OUT12). */
function undefinedPort(ref: OutboundRef): OutboundPolicy {
  const refusal = { type: "refuse", why: "forbidden", message: "port is not defined" } as const;
  const rule: OutboundRule<never, never> = {
    ...plainRule({ ref, target: { type: "none" }, filters: [], weight: 1 }),
    filters: [refusal],
    backends: [],
  };
  const route: StreamOutbound = {
    ref: { type: "default", name: "undefined-port" },
    hosts: [],
    rules: [rule],
  };
  return { ref, protocol: { type: "opaque", routes: [route] }, accrual: undefined };
}
