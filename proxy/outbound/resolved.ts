/** The policy of a destination, ready to use: tables of routes, and backends with their balancers. */

import type { Counter } from "#lib/metrics/counter.ts";
import { type RequestTimes, requestTimes } from "../http/request-limits.ts";
import type { RetryParts } from "../http/retry.ts";
import type { AccrualRule } from "../policy/accrual-rule.ts";
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
import type { ProfileRetries, RetryRule } from "../policy/retry-rule.ts";
import type { RouteTable } from "../policy/route-match.ts";
import { prepareRoutes } from "../policy/route-table.ts";
import type { Detections } from "../telemetry/detect-metrics.ts";
import type { HostSeries } from "../telemetry/host-series.ts";
import type { ProfileSeries } from "../telemetry/profile-metrics.ts";
import type { RequestSeries } from "../telemetry/request-series.ts";
import type { TransportSeries } from "../telemetry/transport-metrics.ts";
import type { Balancer } from "./balancer.ts";
import type { BalancerKind, BalancerUse } from "./balancer-uses.ts";
import type { PolicyCounts, RouteCounts } from "./policy-counts.ts";

/** A backend in use. */
export interface ResolvedBackend {
  /** Undefined where everything that goes there fails. */
  readonly balancer: Balancer | undefined;
  /** Tells of that; undefined where that is. */
  readonly use: BalancerUse | undefined;
  readonly weight: number;
  readonly filters: readonly Filter[];
  /** Counts what goes there; undefined where nobody does. */
  readonly series: RequestSeries | undefined;
  readonly refusal: OpaqueRefusal | undefined;
}

/** What is decided for the requests of a rule, and its backends. */
export interface ResolvedRule {
  readonly metadata: Metadata;
  readonly filters: readonly Filter[];
  /** Counts its requests; undefined where nobody does. */
  readonly series: HostSeries<RequestSeries> | undefined;
  /** Counts its requests by the route of their ServiceProfile. */
  readonly profile: ProfileSeries | undefined;
  /** Its labels, as metrics have them. */
  readonly profileLabels: Readonly<Record<string, string>> | undefined;
  /** The profile's name with its port, which endpoints are told (HDR2). */
  readonly canonical: string | undefined;
  /** Counts its connections, where it is of opaque bytes or of TLS. */
  readonly transport: HostSeries<TransportSeries> | undefined;
  /** Of opaque bytes and TLS: every connection is closed. */
  readonly refusal: OpaqueRefusal | undefined;
  /** The times that its requests have; undefined where they have all. */
  readonly times: RequestTimes | undefined;
  /** How its requests are tried again, where they are. */
  readonly retry: RetryRule | undefined;
  /** Undefined where no request of it is tried again, whatever it says. */
  readonly retries: RetryParts | undefined;
  readonly allowsHeaders: boolean;
  /** A retry picks a backend anew: none of them changes requests. */
  readonly repicks: boolean;
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
  /** Counts connections. */
  readonly connections: Counter;
  /** Counts looks at their first bytes; undefined where policy says what they are. */
  readonly detections: Detections | undefined;
}

/** What is made for a policy. */
export interface PolicyParts {
  /** Takes the balancer of a backend into use; undefined where there is none to send to. */
  acquire(backend: Backend, accrual: AccrualRule | undefined): Balancer | undefined;
  /** What is counted of the policy. */
  readonly counts: PolicyCounts;
  /** What the retries of a route's requests share. */
  retries(
    of: { readonly parent: Metadata; readonly route: Metadata },
    kind: "http" | "grpc",
    profile: ProfileRetries | undefined,
  ): RetryParts;
}

const NO_ROUTES: RouteTable<ResolvedRule> = prepareRoutes([]);
/** Linkerd's time of detection, where policy says none. */
const DETECT_TIMEOUT_MS = 10_000;

/** Makes a policy ready. */
export function resolvePolicy(
  { metadata, protocol }: ClientPolicy,
  parts: PolicyParts,
): ResolvedPolicy {
  const { counts } = parts;
  const httpTable = (routes: readonly Route[]): RouteTable<ResolvedRule> =>
    tableOf(routes, parts, { parent: metadata, kind: "http" });
  const nothing = {
    type: protocol.type,
    connections: counts.connections(protocol.type),
    detections: undefined,
    timeoutMs: DETECT_TIMEOUT_MS,
    http1: NO_ROUTES,
    http2: NO_ROUTES,
    opaque: NO_ROUTES,
  };
  switch (protocol.type) {
    case "detect":
      return {
        ...nothing,
        timeoutMs: protocol.timeoutMs,
        http1: httpTable(protocol.http1),
        http2: httpTable(protocol.http2),
        opaque: opaqueTableOf(protocol.opaque, parts, "tcp"),
        detections: counts.detections(),
      };
    case "http1":
    case "http2": {
      const http = httpTable(protocol.routes);
      return { ...nothing, http1: http, http2: http };
    }
    case "grpc": {
      const grpc = tableOf(protocol.routes, parts, { parent: metadata, kind: "grpc" });
      return { ...nothing, http1: grpc, http2: grpc };
    }
    case "opaque":
      return { ...nothing, opaque: opaqueTableOf(protocol.routes, parts, "tcp") };
    case "tls":
      return { ...nothing, opaque: opaqueTableOf(protocol.routes, parts, "tls") };
    case "invalid":
    case "unknown":
      return { ...nothing, detections: counts.detections() };
  }
}

function tableOf(
  routes: readonly Route[],
  parts: PolicyParts,
  { parent, kind }: { readonly parent: Metadata; readonly kind: "http" | "grpc" },
): RouteTable<ResolvedRule> {
  return prepareRoutes(
    routes.map(({ metadata, hosts, rules }) => {
      const of = { parent, route: metadata };
      // A profile's routes have counts of their own.
      const isPolicy = rules.every(({ profile }) => profile === undefined);
      const counts = isPolicy ? parts.counts.route(kind, metadata) : undefined;
      return {
        hosts,
        rules: rules.map((rule) => ({
          matches: rule.matches,
          target: resolveRule(rule, parts, {
            ...{ metadata, counts },
            retries: () => parts.retries(of, kind, rule.retry?.profile),
          }),
        })),
      };
    }),
  );
}

function opaqueTableOf(
  routes: readonly OpaqueRoute[],
  parts: PolicyParts,
  kind: "tcp" | "tls",
): RouteTable<ResolvedRule> {
  return prepareRoutes(
    routes.map(({ metadata, names, refusal, distribution }) => {
      const backends = distribution.choices.map((choice) => ({
        ...balanced(parts, { kind, backend: choice.backend }),
        weight: choice.weight,
        filters: [],
        series: undefined,
        refusal: choice.refusal,
      }));
      const target = {
        ...{ metadata, filters: [], series: undefined, refusal, pick: distribution.type, backends },
        ...{ times: undefined, retry: undefined, retries: undefined },
        ...{ allowsHeaders: false, repicks: true },
        transport: parts.counts.transport(kind, metadata),
        ...{ profile: undefined, profileLabels: undefined, canonical: undefined },
        totalWeight: weightOf(backends),
      };
      return { hosts: names, rules: [{ matches: [], target }] };
    }),
  );
}

function resolveRule(
  { filters, distribution, timeouts, retry, accrual, allowsHeaders, profile }: Rule,
  parts: PolicyParts,
  {
    metadata,
    counts,
    retries,
  }: {
    readonly metadata: Metadata;
    readonly counts: RouteCounts | undefined;
    readonly retries: () => RetryParts;
  },
): ResolvedRule {
  const backends = distribution.choices.map((choice) => ({
    ...balanced(parts, { kind: "http", backend: choice.backend }, accrual),
    weight: choice.weight,
    filters: choice.filters,
    series: counts?.backend(choice.backend.metadata),
    refusal: undefined,
  }));
  return {
    ...{ metadata, filters, series: counts?.hosts, refusal: undefined },
    ...{ pick: distribution.type, backends, transport: undefined },
    ...{ profile: profile && parts.counts.profile(profile), canonical: profile?.labels["dst"] },
    profileLabels: profile?.labels,
    ...{ times: requestTimes({ ...timeouts, headersMs: retry?.timeoutMs }), retry },
    retries: retry !== undefined || allowsHeaders ? retries() : undefined,
    allowsHeaders,
    repicks: backends.every((backend) => backend.filters.length === 0),
    totalWeight: weightOf(backends),
  };
}

/** The balancer of a backend; only where it has several endpoints there is something to tell of it. */
function balanced(
  { acquire, counts }: PolicyParts,
  { kind, backend }: { readonly kind: BalancerKind; readonly backend: Backend },
  accrual?: AccrualRule,
): Pick<ResolvedBackend, "balancer" | "use"> {
  const balancer = acquire(backend, accrual);
  const isTold = balancer !== undefined && backend.target.type === "balancer";
  return { balancer, use: isTold ? counts.use(kind, balancer, backend.metadata) : undefined };
}

const weightOf = (backends: readonly ResolvedBackend[]): number =>
  backends.reduce((total, { weight }) => total + weight, 0);
