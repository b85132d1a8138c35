/** Objects whose status is written, as far as it depends on what they say. */

import type { TrustDomain } from "#lib/identity/workload-id.ts";
import {
  EGRESS_NETWORKS,
  GRPC_ROUTES,
  HTTP_ROUTES,
  LINKERD_HTTP_ROUTES,
  RATE_LIMITS,
  type Resource,
  TCP_ROUTES,
  TLS_ROUTES,
} from "#lib/k8s/resource.ts";
import type { CustomObject } from "#lib/k8s/types/custom.ts";
import type { EgressNetwork } from "../core/egress.ts";
import { isEgressNetwork, isService } from "../core/outbound-backends.ts";
import { GATEWAY_GROUP, type ParentRef, POLICY_GROUP } from "../core/route.ts";
import type { RateLimit } from "../core/server.ts";
import { spokenOn } from "../core/spoken.ts";
import { holds } from "../core/workload.ts";
import { toEgressNetwork } from "../index/egress-networks.ts";
import type { KeptPolicy, KeptService } from "../index/kept-objects.ts";
import { toGrpcRoute, toHttpRoute, toStreamRoute } from "../index/routes.ts";
import { toRateLimit } from "../index/servers.ts";
import { opaquePortsOf, type ServiceContext } from "../index/services.ts";
import { isServer, type RouteView, type ServiceFacts } from "./route-conditions.ts";

/** The kinds, by the names of their informers. */
export const RESOURCES: Readonly<Record<Kind, Resource<CustomObject>>> = {
  linkerdHttpRoutes: LINKERD_HTTP_ROUTES,
  httpRoutes: HTTP_ROUTES,
  grpcRoutes: GRPC_ROUTES,
  tlsRoutes: TLS_ROUTES,
  tcpRoutes: TCP_ROUTES,
  rateLimits: RATE_LIMITS,
  egressNetworks: EGRESS_NETWORKS,
};

/** One of them. */
export type Kind =
  | "linkerdHttpRoutes"
  | "httpRoutes"
  | "grpcRoutes"
  | "tlsRoutes"
  | "tcpRoutes"
  | "rateLimits"
  | "egressNetworks";

/** How objects are read. */
export type StatusOptions = {
  readonly clusterNetworks: readonly string[];
  readonly opaquePorts: string;
  readonly domain: TrustDomain;
};

/** What an object may refer to, by name. */
export type Reference = `${"Server" | "Service" | "EgressNetwork"}/${string}/${string}`;

/** A value with the first of what is wrong with its object. */
export type Faulty<Value> = Value & { readonly fault: string | undefined };

/** What is known of an object; `refers` is what its status depends on. */
export type Known = { readonly refers: readonly Reference[] } & (
  | { readonly type: "route"; readonly value: RouteView }
  | { readonly type: "limit"; readonly value: Faulty<RateLimit> }
  | { readonly type: "network"; readonly value: EgressNetwork }
);

/** Reads an object of any form. */
export function read(object: KeptPolicy, kind: Kind, options: StatusOptions): Known {
  const faults: string[] = [];
  if (kind === "rateLimits") {
    const limit = toRateLimit(object, { faults, domain: options.domain });
    const value = { ...limit, fault: faults[0] };
    const { namespace, server } = limit;
    const refers: Reference[] = server === undefined ? [] : [`Server/${namespace}/${server}`];
    return { type: "limit", value, refers };
  }
  if (kind === "egressNetworks") {
    const value = toEgressNetwork(object, { ...options, faults });
    return { type: "network", value, refers: [] };
  }
  const value = viewOf(toRoute(kind, object));
  const backends = value.rules.flatMap((rule) => rule.backends);
  const refers = new Set([...value.parents, ...backends].flatMap(referencesOf));
  return { type: "route", value, refers: [...refers] };
}

type Route = ReturnType<typeof toHttpRoute | typeof toGrpcRoute | typeof toStreamRoute>;

function toRoute(kind: Exclude<Kind, "rateLimits" | "egressNetworks">, object: KeptPolicy): Route {
  switch (kind) {
    case "linkerdHttpRoutes":
      return toHttpRoute(object, POLICY_GROUP);
    case "httpRoutes":
      return toHttpRoute(object, GATEWAY_GROUP);
    case "grpcRoutes":
      return toGrpcRoute(object);
    case "tlsRoutes":
      return toStreamRoute(object, "TLSRoute");
    case "tcpRoutes":
      return toStreamRoute(object, "TCPRoute");
  }
}

/** What of a route is remembered. */
const viewOf = ({ group, kind, name, namespace, parents, rules }: Route): RouteView => ({
  ...{ group, kind, name, namespace, parents },
  rules: rules.map(({ fault, filters, backends }) => ({
    fault,
    changesResponses: filters.some(({ type }) => type === "response-headers"),
    backends: backends.map(({ weight: _, filters: __, ...backend }) => backend),
  })),
});

/** What routes need to know of a Service. */
export function factsOf(
  service: KeptService | undefined,
  from: ServiceContext,
): ServiceFacts | undefined {
  if (service === undefined) return undefined;
  const opaque = opaquePortsOf(service.metadata, from);
  const { clusterIP, clusterIPs, type, ports } = service.spec ?? {};
  const addresses = [clusterIP, ...(clusterIPs ?? [])].filter((ip) => ip && ip !== "None");
  return {
    hasAddress: addresses.length > 0,
    external: type === "ExternalName",
    ports: (ports ?? []).map(({ port, name, appProtocol }) => ({
      ...{ port, name },
      spoken: spokenOn(appProtocol, holds(opaque, port)),
    })),
  };
}

type Referring = Pick<ParentRef, "group" | "kind" | "name" | "namespace">;

/** What a reference of a route is to, where it is to something that there may be. */
export function referencesOf(to: Referring): readonly Reference[] {
  const at = `${to.namespace}/${to.name}` as const;
  if (isService(to)) return [`Service/${at}`];
  if (isEgressNetwork(to)) return [`EgressNetwork/${at}`];
  return isServer(to) ? [`Server/${at}`] : [];
}
