/** The policy of a destination, ready to use: tables of routes, and backends with their balancers. */

import type {
  Backend,
  ClientPolicy,
  Distribution,
  Metadata,
  OpaqueRefusal,
  OpaqueRoute,
  Route,
  Rule,
} from "../policy/client-policy.ts";
import type { Filter } from "../policy/filter.ts";
import type { RouteTable } from "../policy/route-match.ts";
import { prepareRoutes } from "../policy/route-table.ts";
import type { Balancer } from "./balancer.ts";

/** A backend in use. */
export interface ResolvedBackend {
  /** Undefined where everything that goes there fails. */
  readonly balancer: Balancer | undefined;
  readonly weight: number;
  readonly filters: readonly Filter[];
  readonly refusal: OpaqueRefusal | undefined;
}

/** The backends of a rule. */
export interface ResolvedRule {
  readonly metadata: Metadata;
  readonly filters: readonly Filter[];
  /** Of opaque bytes and TLS: every connection is closed. */
  readonly refusal: OpaqueRefusal | undefined;
  readonly pick: Distribution<unknown>["type"];
  readonly backends: readonly ResolvedBackend[];
  readonly totalWeight: number;
}

/** How connections to a destination are spoken, with routes ready to use. */
export interface ResolvedPolicy {
  readonly type: ClientPolicy["protocol"]["type"];
  /** Milliseconds within which the first bytes have to say what is spoken. */
  readonly timeoutMs: number;
  readonly http1: RouteTable<ResolvedRule>;
  readonly http2: RouteTable<ResolvedRule>;
  /** By the name that TLS asks for, where policy says that it is TLS. */
  readonly opaque: RouteTable<ResolvedRule>;
}

/** Takes the balancer of a backend into use; undefined where there is none to send to. */
export type AcquireBalancer = (backend: Backend) => Balancer | undefined;

const NO_ROUTES: RouteTable<ResolvedRule> = prepareRoutes([]);
/** Linkerd's time of detection, where policy says none. */
const DETECT_TIMEOUT_MS = 10_000;

/** Makes a policy ready. */
export function resolvePolicy(
  { protocol }: ClientPolicy,
  acquire: AcquireBalancer,
): ResolvedPolicy {
  const nothing = {
    type: protocol.type,
    timeoutMs: DETECT_TIMEOUT_MS,
    http1: NO_ROUTES,
    http2: NO_ROUTES,
    opaque: NO_ROUTES,
  };
  switch (protocol.type) {
    case "detect":
      return {
        type: "detect",
        timeoutMs: protocol.timeoutMs,
        http1: tableOf(protocol.http1, acquire),
        http2: tableOf(protocol.http2, acquire),
        opaque: opaqueTableOf(protocol.opaque, acquire),
      };
    case "http1":
    case "http2":
    case "grpc": {
      const http = tableOf(protocol.routes, acquire);
      return { ...nothing, http1: http, http2: http };
    }
    case "opaque":
    case "tls":
      return { ...nothing, opaque: opaqueTableOf(protocol.routes, acquire) };
    case "invalid":
      return nothing;
  }
}

function tableOf(routes: readonly Route[], acquire: AcquireBalancer): RouteTable<ResolvedRule> {
  return prepareRoutes(
    routes.map(({ metadata, hosts, rules }) => ({
      hosts,
      rules: rules.map((rule) => ({
        matches: rule.matches,
        target: resolveRule(rule, metadata, acquire),
      })),
    })),
  );
}

function opaqueTableOf(
  routes: readonly OpaqueRoute[],
  acquire: AcquireBalancer,
): RouteTable<ResolvedRule> {
  return prepareRoutes(
    routes.map(({ metadata, names, refusal, distribution }) => {
      const backends = distribution.choices.map((choice) => ({
        balancer: acquire(choice.backend),
        weight: choice.weight,
        filters: [],
        refusal: choice.refusal,
      }));
      const target = {
        ...{ metadata, filters: [], refusal, pick: distribution.type, backends },
        totalWeight: weightOf(backends),
      };
      return { hosts: names, rules: [{ matches: [], target }] };
    }),
  );
}

function resolveRule(
  { filters, distribution }: Rule,
  metadata: Metadata,
  acquire: AcquireBalancer,
): ResolvedRule {
  const backends = distribution.choices.map((choice) => ({
    balancer: acquire(choice.backend),
    weight: choice.weight,
    filters: choice.filters,
    refusal: undefined,
  }));
  return {
    ...{ metadata, filters, refusal: undefined, pick: distribution.type, backends },
    totalWeight: weightOf(backends),
  };
}

const weightOf = (backends: readonly ResolvedBackend[]): number =>
  backends.reduce((total, { weight }) => total + weight, 0);
