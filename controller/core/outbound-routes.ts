/** Routes of a Service or an EgressNetwork as its clients follow them: rules with all that they inherit, and where they lead (OUT5 to OUT9, OUT13). */

import {
  type OutboundBackend,
  type OutboundFilter,
  type OutboundRef,
  parentBackend,
  type Resolving,
  refused,
  resolveBackend,
  withoutLoad,
} from "./outbound-backends.ts";
import type {
  GrpcMatch,
  GrpcRoute,
  HostMatch,
  HttpMatch,
  HttpRoute,
  RouteRule,
  RouteTimeouts,
  StreamRoute,
} from "./route.ts";
import type { GrpcRetryCode, Retry, RouteTraffic, StatusRange, Timeouts } from "./traffic.ts";

/** One rule; no matches take everything, no backends lead nowhere. */
export type OutboundRule<Match, Condition> = {
  readonly matches: readonly Match[];
  readonly filters: readonly OutboundFilter[];
  /** By weight where there are shares, else the first. */
  readonly shared: boolean;
  readonly backends: readonly OutboundBackend[];
  readonly timeouts: Timeouts | undefined;
  /** For one backend, in milliseconds. */
  readonly backendRequestMs: number | undefined;
  readonly retry: Retry<Condition> | undefined;
  /** Whether it is a user's: only those let requests say more by headers (OUT5). */
  readonly attached: boolean;
};

/** A route of one kind. */
export type OutboundRoute<Match, Condition> = {
  readonly ref: OutboundRef;
  readonly hosts: readonly HostMatch[];
  readonly rules: readonly OutboundRule<Match, Condition>[];
};

/** By kinds. */
export type HttpOutbound = OutboundRoute<HttpMatch, StatusRange>;
export type GrpcOutbound = OutboundRoute<GrpcMatch, GrpcRetryCode>;
export type StreamOutbound = OutboundRoute<never, never>;

/** A route with what its annotations say. */
export type Annotated<Route> = { readonly route: Route; readonly traffic: RouteTraffic };

/** Resolves an HTTPRoute. */
export function resolveHttp({ route, traffic }: Annotated<HttpRoute>, by: Resolving): HttpOutbound {
  const retry = traffic.httpRetry ?? by.parent.traffic.httpRetry;
  return {
    ...headOf(route),
    rules: route.rules.map((rule) => resolve(rule, { ...by, route, traffic, retry })),
  };
}

/** Resolves a GRPCRoute. */
export function resolveGrpc({ route, traffic }: Annotated<GrpcRoute>, by: Resolving): GrpcOutbound {
  const retry = traffic.grpcRetry ?? by.parent.traffic.grpcRetry;
  return {
    ...headOf(route),
    rules: route.rules.map((rule) => resolve(rule, { ...by, route, traffic, retry })),
  };
}

/** Resolves a TLSRoute or a TCPRoute, which has one rule: which of several would hold is not known. */
export function resolveStream(
  { route, traffic }: Annotated<StreamRoute>,
  by: Resolving,
): StreamOutbound {
  const [rule, second] = route.rules;
  const plain = { ...by, parent: withoutLoad(by.parent) };
  const one: RouteRule<never> =
    rule !== undefined && second === undefined
      ? rule
      : { ...NO_RULE, fault: `${route.kind} must have one rule` };
  const resolved = resolve<never, never>(one, { ...plain, route, traffic, retry: undefined });
  return { ...headOf(route), rules: [resolved] };
}

const NO_RULE: RouteRule<never> = {
  matches: [],
  filters: [],
  backends: [],
  timeouts: { requestMs: undefined, backendRequestMs: undefined },
  fault: undefined,
};

type Route = HttpRoute | GrpcRoute | StreamRoute;

const headOf = ({
  group,
  kind,
  name,
  namespace,
  hosts,
}: Route): Pick<StreamOutbound, "ref" | "hosts"> => ({
  ref: { type: "object", group, kind, name, namespace, port: 0 },
  hosts,
});

type RuleContext<Condition> = Resolving & {
  readonly route: Route;
  readonly traffic: RouteTraffic;
  readonly retry: Retry<Condition> | undefined;
};

function resolve<Match, Condition>(
  rule: RouteRule<Match>,
  by: RuleContext<Condition>,
): OutboundRule<Match, Condition> {
  const { matches, filters, backends, timeouts, fault } = rule;
  const whole = { matches, attached: true, ...limitsOf(timeouts, by), retry: by.retry };
  if (fault !== undefined)
    return { ...whole, ...refused({ type: "refuse", why: "rule", message: fault }) };
  if (backends.length === 0)
    return { ...whole, filters, shared: false, backends: [parentBackend(by.parent)] };
  if (backends.every(({ weight }) => weight === 0)) {
    const message = "no backend has a weight";
    return { ...whole, ...refused({ type: "refuse", why: "backend", message }) };
  }
  return {
    ...whole,
    filters,
    shared: true,
    backends: backends.map((backend) => resolveBackend(backend, by)),
  };
}

/** The route's annotations come before its rule, and both before the parent's, all three limits or none (OUT8). */
function limitsOf(
  { requestMs, backendRequestMs }: RouteTimeouts,
  { traffic, parent }: Pick<RuleContext<never>, "traffic" | "parent">,
): Pick<OutboundRule<never, never>, "timeouts" | "backendRequestMs"> {
  const own = traffic.timeouts?.requestMs ?? requestMs;
  const said = traffic.timeouts !== undefined || requestMs !== undefined;
  const limits: Timeouts = {
    requestMs: own === 0 ? undefined : own,
    responseMs: traffic.timeouts?.responseMs,
    idleMs: traffic.timeouts?.idleMs,
  };
  return {
    timeouts: said ? limits : parent.traffic.timeouts,
    backendRequestMs: backendRequestMs === 0 ? undefined : backendRequestMs,
  };
}
