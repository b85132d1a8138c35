/** Outbound policies into the proxy's own types. */

import type {
  Backend as BackendMessage,
  GrpcRoute,
  HttpRoute,
  OpaqueRoute,
  OutboundPolicy,
  ProxyProtocol,
} from "#lib/api/gen/proxy/outbound_pb.ts";
import type {
  Backend,
  ClientPolicy,
  ClientProtocol,
  Route,
  Rule,
} from "../policy/client-policy.ts";
import { DEFAULT_QUEUE } from "../policy/default-policy.ts";
import { toEndpoint, toMetadata, toMs } from "./convert.ts";
import { toGrpcMatch, toHost, toHttpMatch } from "./convert-match.ts";
import { PolicyError } from "./policy-error.ts";

/** Reads a whole policy; what makes it unusable becomes the protocol `invalid`, so that requests fail with 500. */
export function toClientPolicy(message: OutboundPolicy): ClientPolicy {
  const metadata = toMetadata(message.metadata);
  try {
    return { metadata, protocol: toProtocol(message.protocol) };
  } catch (error) {
    if (error instanceof PolicyError)
      return { metadata, protocol: { type: "invalid", message: error.message } };
    throw error;
  }
}

function toProtocol(message: ProxyProtocol | undefined): ClientProtocol {
  const kind = message?.kind;
  switch (kind?.case) {
    case "detect":
      return {
        type: "detect",
        timeoutMs: toMs(kind.value.timeout, 10_000),
        http1: (kind.value.http1?.routes ?? []).map(toHttpRoute),
        http2: (kind.value.http2?.routes ?? []).map(toHttpRoute),
        opaque: (kind.value.opaque?.routes ?? []).map(toOpaqueRoute),
      };
    case "http1":
    case "http2":
      return { type: kind.case, routes: kind.value.routes.map(toHttpRoute) };
    case "grpc":
      return { type: "grpc", routes: kind.value.routes.map(toGrpcRoute) };
    case "opaque":
      return isForbidden(kind.value.routes)
        ? { type: "forbidden" }
        : { type: "opaque", routes: kind.value.routes.map(toOpaqueRoute) };
    case "tls":
      return { type: "tls", routes: kind.value.routes.map((route) => toOpaqueRoute(route)) };
    case undefined:
      return { type: "invalid", message: "policy has no protocol" };
  }
}

function isForbidden(routes: readonly OpaqueRoute[]): boolean {
  return routes.some(({ rules }) =>
    rules.some(({ filters }) => filters.some(({ kind }) => kind.case === "forbidden")),
  );
}

type Weighted = Rule["backends"];

/** The parts of a distribution that all kinds of routes share. */
interface DistributionLike {
  readonly kind:
    | {
        readonly case: "firstAvailable";
        readonly value: {
          readonly backends: readonly { readonly backend?: BackendMessage | undefined }[];
        };
      }
    | {
        readonly case: "randomAvailable";
        readonly value: {
          readonly backends: readonly {
            readonly backend?: { readonly backend?: BackendMessage | undefined } | undefined;
            readonly weight: number;
          }[];
        };
      }
    | { readonly case: "empty"; readonly value: unknown }
    | { readonly case: undefined };
}

function toBackends(distribution: DistributionLike | undefined): Weighted {
  const kind = distribution?.kind;
  switch (kind?.case) {
    case "firstAvailable":
      return kind.value.backends
        .slice(0, 1)
        .map(({ backend }) => ({ backend: toBackend(backend), weight: 1 }));
    case "randomAvailable":
      return kind.value.backends.map(({ backend, weight }) => ({
        backend: toBackend(backend?.backend),
        weight,
      }));
    case "empty":
    case undefined:
      return [];
  }
}

function toBackend(message: BackendMessage | undefined): Backend {
  return {
    metadata: toMetadata(message?.metadata),
    target: toTarget(message),
    queueCapacity: message?.queue?.capacity ?? DEFAULT_QUEUE.queueCapacity,
    failfastMs: toMs(message?.queue?.failfastTimeout, DEFAULT_QUEUE.failfastMs),
  };
}

function toTarget(message: BackendMessage | undefined): Backend["target"] {
  const kind = message?.kind;
  switch (kind?.case) {
    case "balancer": {
      const { discovery, load } = kind.value;
      const ewma = load.case === undefined ? undefined : load.value;
      return {
        type: "balancer",
        path: discovery?.kind.value?.path ?? "",
        defaultRttMs: toMs(ewma?.defaultRtt, 30),
        decayMs: toMs(ewma?.decay, 10_000),
      };
    }
    case "forward": {
      const endpoint = toEndpoint(kind.value, {});
      return endpoint === undefined
        ? { type: "fail", message: "endpoint has no address" }
        : { type: "forward", endpoint };
    }
    case undefined:
      return { type: "fail", message: "backend is invalid" };
  }
}

function toHttpRoute({ metadata, hosts, rules }: HttpRoute): Route {
  return {
    metadata: toMetadata(metadata),
    hosts: hosts.map(toHost),
    rules: rules.map(({ matches, backends }) => ({
      matches: matches.map(toHttpMatch),
      backends: toBackends(backends),
    })),
  };
}

function toGrpcRoute({ metadata, hosts, rules }: GrpcRoute): Route {
  return {
    metadata: toMetadata(metadata),
    hosts: hosts.map(toHost),
    rules: rules.map(({ matches, backends }) => ({
      matches: matches.map(toGrpcMatch),
      backends: toBackends(backends),
    })),
  };
}

function toOpaqueRoute(route: {
  readonly metadata?: OpaqueRoute["metadata"];
  readonly rules: readonly { readonly backends?: DistributionLike | undefined }[];
}): Route {
  return {
    metadata: toMetadata(route.metadata),
    hosts: [],
    rules: route.rules.map(({ backends }) => ({ matches: [], backends: toBackends(backends) })),
  };
}
