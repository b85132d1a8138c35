/** Outbound policies into the proxy's own types. */

import type {
  GrpcRoute,
  HttpRoute,
  OpaqueRoute as OpaqueMessage,
  OpaqueRoute_Filter,
  OutboundPolicy,
  ProxyProtocol,
  ProxyProtocol_Detect,
  ProxyProtocol_Http1,
  ProxyProtocol_Http2,
  TlsRoute,
  TlsRoute_Filter,
} from "#lib/api/gen/proxy/outbound_pb.ts";
import type { AccrualRule } from "../policy/accrual-rule.ts";
import type {
  ClientPolicy,
  ClientProtocol,
  OpaqueRefusal,
  OpaqueRoute,
  Route,
} from "../policy/client-policy.ts";
import type { HostMatch } from "../policy/request-match.ts";
import { toMetadata, toMs } from "./convert.ts";
import { toAccrual } from "./convert-accrual.ts";
import { readDistribution, toBackend, toDistribution } from "./convert-backend.ts";
import { toFilter } from "./convert-filter.ts";
import { toGrpcRetry, toHttpRetry, toTimeouts } from "./convert-limits.ts";
import { toGrpcMatch, toHost, toHttpMatch } from "./convert-match.ts";
import { demand, demandMetadata } from "./demands.ts";
import { PolicyError } from "./policy-error.ts";

/** Reads a whole policy; what makes it unusable becomes the protocol `invalid`, so that requests fail with 500 (ERR18). */
export function toClientPolicy(message: OutboundPolicy): ClientPolicy {
  try {
    return { metadata: demandMetadata(message.metadata), protocol: toProtocol(message.protocol) };
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    return {
      metadata: toMetadata(message.metadata),
      protocol: { type: "invalid", message: error.message },
    };
  }
}

function toProtocol(message: ProxyProtocol | undefined): ClientProtocol {
  const kind = message?.kind;
  switch (kind?.case) {
    case "detect":
      return toDetect(kind.value);
    case "http1":
    case "http2":
      return { type: kind.case, routes: toHttpRoutes(kind.value) };
    case "grpc": {
      const accrual = toAccrual(kind.value.failureAccrual);
      return {
        type: "grpc",
        routes: kind.value.routes.map((route) => toGrpcRoute(route, accrual)),
      };
    }
    case "opaque":
      return { type: "opaque", routes: toOpaqueRoutes(kind.value.routes) };
    case "tls":
      return { type: "tls", routes: kind.value.routes.map(toTlsRoute) };
    case undefined:
      throw new PolicyError("protocol", "it has no protocol that is known");
  }
}

function toDetect({ timeout, http1, http2, opaque }: ProxyProtocol_Detect): ClientProtocol {
  return {
    type: "detect",
    timeoutMs: toMs(demand(timeout, "the time of detection"), 0),
    http1: toHttpRoutes(demand(http1, "HTTP/1")),
    http2: toHttpRoutes(demand(http2, "HTTP/2")),
    opaque: toOpaqueRoutes(demand(opaque, "what is opaque").routes),
  };
}

/** The routes of HTTP, whose rules share what their protocol says of failures. */
function toHttpRoutes({
  routes,
  failureAccrual,
}: ProxyProtocol_Http1 | ProxyProtocol_Http2): Route[] {
  const accrual = toAccrual(failureAccrual);
  return routes.map((route) => toHttpRoute(route, accrual));
}

function toHttpRoute(
  { metadata, hosts, rules }: HttpRoute,
  accrual: AccrualRule | undefined,
): Route {
  return {
    metadata: demandMetadata(metadata),
    hosts: hosts.map(toHost),
    rules: rules.map((rule) => ({
      matches: rule.matches.map(toHttpMatch),
      filters: rule.filters.map(toFilter),
      distribution: toDistribution(rule.backends),
      timeouts: toTimeouts(rule),
      retry: rule.retry && toHttpRetry(rule.retry),
      accrual,
      profile: undefined,
      allowsHeaders: rule.allowL5dRequestHeaders,
    })),
  };
}

function toGrpcRoute(
  { metadata, hosts, rules }: GrpcRoute,
  accrual: AccrualRule | undefined,
): Route {
  return {
    metadata: demandMetadata(metadata),
    hosts: hosts.map(toHost),
    rules: rules.map((rule) => ({
      matches: rule.matches.map(toGrpcMatch),
      filters: rule.filters.map(toFilter),
      distribution: toDistribution(rule.backends),
      timeouts: toTimeouts(rule),
      retry: rule.retry && toGrpcRetry(rule.retry),
      accrual,
      profile: undefined,
      allowsHeaders: rule.allowL5dRequestHeaders,
    })),
  };
}

/** Opaque bytes say nothing by which routes could be told apart. */
function toOpaqueRoutes(routes: readonly OpaqueMessage[]): OpaqueRoute[] {
  if (routes.length > 1) throw new PolicyError("route", "there are several opaque routes");
  return routes.map((route) => toOpaqueRoute(route, []));
}

function toTlsRoute(route: TlsRoute): OpaqueRoute {
  return toOpaqueRoute(route, route.snis.map(toHost));
}

function toOpaqueRoute(
  { metadata, rules }: OpaqueMessage | TlsRoute,
  names: readonly HostMatch[],
): OpaqueRoute {
  const [rule, ...others] = rules;
  if (rule === undefined || others.length > 0)
    throw new PolicyError("route", "an opaque route has not exactly one rule");
  return {
    metadata: demandMetadata(metadata),
    names,
    refusal: toRefusal(rule.filters),
    distribution: readDistribution(rule.backends, ({ backend, filters }, weight) => ({
      backend: toBackend(backend),
      weight,
      refusal: toRefusal(filters),
    })),
  };
}

/** The first filter decides: each of them closes the connection. */
function toRefusal(
  filters: readonly { readonly kind: (OpaqueRoute_Filter | TlsRoute_Filter)["kind"] }[],
): OpaqueRefusal | undefined {
  const refusals = filters.map(({ kind }): OpaqueRefusal => {
    if (kind.case === undefined)
      throw new PolicyError("filter", "a filter is of a kind that is not known");
    return kind.case === "forbidden" ? "forbidden" : "invalid_backend";
  });
  return refusals[0];
}
