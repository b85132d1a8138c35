/** How a client's proxy reaches a destination (OUT1 to OUT13). */

import { type AnyRoute, attachedTo, type Frontend, type RouteSet } from "./attached-routes.ts";
import type { EgressNetwork } from "./egress.ts";
import type { LoneEndpoint } from "./endpoint.ts";
import type { BackendObjects, OutboundParent, OutboundRef } from "./outbound-backends.ts";
import {
  ANY_REQUEST,
  type Defaults,
  defaultGrpc,
  defaultHttp,
  defaultTcp,
  defaultTls,
  plainRule,
  type WithDefaults,
} from "./outbound-defaults.ts";
import {
  type GrpcOutbound,
  type HttpOutbound,
  type OutboundRule,
  resolveGrpc,
  resolveHttp,
  resolveStream,
  type StreamOutbound,
} from "./outbound-routes.ts";
import { POLICY_GROUP } from "./route.ts";
import { type Spoken, spokenOn } from "./spoken.ts";
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
  | {
      readonly type: "egress";
      readonly network: EgressNetwork;
      /** Whether it takes routes. */
      readonly accepted: boolean;
      readonly ip: string;
      readonly port: number;
    }
  | {
      readonly type: "unknown-address";
      readonly ip: string;
      readonly port: number;
      readonly lone: LoneEndpoint;
    };

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

/** The port that routes may be attached to; undefined where there is none, as with a Service without an address of its own, or an EgressNetwork that is not accepted. */
export function frontendOf(destination: Destination): Frontend | undefined {
  if (destination.type === "unknown-address") return undefined;
  const { port } = destination;
  if (destination.type === "egress") {
    if (!destination.accepted) return undefined;
    const { name, namespace } = destination.network;
    const spoken = spokenTo(destination);
    return { kind: "EgressNetwork", name, namespace, port, sections: [], spoken };
  }
  const { service } = destination;
  const { name, namespace } = service;
  if (!service.ports.has(port) || service.external || service.clusterIps.length === 0)
    return undefined;
  const named = [...service.portNames].filter(([, number]) => number === port);
  const sections = named.map(([section]) => section);
  return { kind: "Service", name, namespace, port, sections, spoken: spokenTo(destination) };
}

/** What is said of a destination's port. */
function spokenTo(destination: Exclude<Destination, { type: "unknown-address" }>): Spoken {
  const { port } = destination;
  if (destination.type === "egress")
    return spokenOn(undefined, holds(destination.network.opaque, port));
  const { ports, opaque } = destination.service;
  return spokenOn(ports.get(port), holds(opaque, port));
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
  switch (destination.type) {
    case "unknown-address":
      return fallback(destination);
    case "egress": {
      const { network, ip, port } = destination;
      const ref = refOf({ group: POLICY_GROUP, kind: "EgressNetwork" }, network, port);
      const target = { type: "forward", ip, port } as const;
      const spoken = spokenTo(destination);
      const defaults = network.allows ? "egress-allow" : "egress-deny";
      return policyOf(destination, {
        ...from,
        ref,
        target,
        traffic: network.traffic,
        spoken,
        defaults,
      });
    }
    case "service": {
      const { service, port } = destination;
      const ref = refOf({ group: "core", kind: "Service" }, service, port);
      if (!service.ports.has(port)) return undefinedPort(ref);
      const { name, namespace, traffic } = service;
      const target = { type: "balancer", name, namespace, port, load: traffic.load } as const;
      const spoken = spokenTo(destination);
      return policyOf(destination, { ...from, ref, target, traffic, spoken, defaults: "service" });
    }
  }
}

type Context = OutboundSource &
  OutboundParent & { readonly spoken: Spoken; readonly defaults: Defaults };

function policyOf(destination: Destination, from: Context): OutboundPolicy {
  const { ref, target, traffic, objects, spoken, defaults } = from;
  const frontend = frontendOf(destination);
  const routes =
    frontend === undefined ? NO_ROUTES : attachedTo(from.routes, frontend, from.namespace);
  const by = { parent: { ref, target, traffic }, objects };
  return {
    ref,
    protocol: protocolOf(spoken, routes, { ...by, defaults }),
    accrual: traffic.accrual,
  };
}

const NO_ROUTES: RouteSet = { http: [], grpc: [], tls: [], tcp: [] };

const refOf = (
  kinded: { readonly group: string; readonly kind: string },
  { name, namespace }: { readonly name: string; readonly namespace: string },
  port: number,
): OutboundParent["ref"] => ({ type: "object", ...kinded, name, namespace, port });

/** Routes are of one kind at most, one that what is spoken lets hold (OUT2, OUT3). */
function protocolOf(spoken: Spoken, routes: RouteSet, by: WithDefaults): OutboundProtocol {
  const http = (): readonly HttpOutbound[] => [
    ...routes.http.map((each) => resolveHttp(each, by)),
    ...defaultHttp(routes.http.length, by),
  ];
  if (spoken === "opaque") return { type: "opaque", routes: opaqueRoutes(routes, by) };
  if (spoken === "http1") return { type: "http1", routes: http() };
  if (routes.grpc.length > 0) {
    const grpc = routes.grpc.map((each) => resolveGrpc(each, by));
    return { type: "grpc", routes: [...grpc, ...defaultGrpc(by)] };
  }
  if (spoken === "http2") return { type: "http2", routes: http() };
  if (routes.tls.length > 0) {
    const tls = routes.tls.map((each) => resolveStream(each, by));
    return { type: "tls", routes: [...tls, ...defaultTls(by)] };
  }
  if (routes.tcp.length > 0) return { type: "opaque", routes: opaqueRoutes(routes, by) };
  return { type: "detect", http: http(), opaque: [defaultTcp(by)] };
}

/** The first alone counts: connections have nothing to choose by. */
function opaqueRoutes({ tcp: [first] }: RouteSet, by: WithDefaults): readonly StreamOutbound[] {
  return [first === undefined ? defaultTcp(by) : resolveStream(first, by)];
}

/** Detected, and sent where it was going (OUT11), with what is known of it: proxies look at a profile only where there is no policy (P23). */
function fallback({
  ip,
  port,
  lone: { endpoint, opaque },
}: Destination & { readonly type: "unknown-address" }): OutboundPolicy {
  const ref: OutboundRef = { type: "default", name: "egress-fallback" };
  const target = { type: "forward", ip, port, endpoint } as const;
  const rule = plainRule({ ref, target, filters: [], weight: 1 });
  const stream: StreamOutbound = { ref, hosts: [], rules: [rule] };
  if (opaque) return { ref, protocol: { type: "opaque", routes: [stream] }, accrual: undefined };
  const http: HttpOutbound = { ref, hosts: [], rules: [{ ...rule, matches: [ANY_REQUEST] }] };
  return { ref, protocol: { type: "detect", http: [http], opaque: [stream] }, accrual: undefined };
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

/** Whether a rule of a policy names an object as a backend. */
export function leadsTo(
  { protocol }: OutboundPolicy,
  at: { readonly kind: string; readonly name: string; readonly namespace: string },
): boolean {
  const routes = protocol.type === "detect" ? protocol.http : protocol.routes;
  return routes.some(({ rules }) =>
    rules.some(({ backends }) =>
      backends.some(
        ({ ref }) =>
          ref.type === "object" &&
          ref.kind === at.kind &&
          ref.name === at.name &&
          ref.namespace === at.namespace,
      ),
    ),
  );
}
