/** Policy of a destination as a message (proxy-api.md, 3.9). */

import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  FailureAccrualSchema,
  GrpcRoute_FilterSchema,
  GrpcRoute_RetrySchema,
  GrpcRouteSchema,
  HttpRoute_FilterSchema,
  HttpRoute_RetrySchema,
  HttpRouteSchema,
  OpaqueRouteSchema,
  OutboundPolicySchema,
  TlsRouteSchema,
} from "#lib/api/gen/proxy/outbound_pb.ts";
import { GrpcCode } from "#lib/grpc/status.ts";
import type { OutboundFilter, Refusal } from "../core/outbound-backends.ts";
import type { OutboundPolicy, OutboundProtocol } from "../core/outbound-policy.ts";
import type {
  GrpcOutbound,
  HttpOutbound,
  OutboundRule,
  StreamOutbound,
} from "../core/outbound-routes.ts";
import type {
  FailureAccrual,
  GrpcRetryCode,
  Penalties,
  Retry,
  StatusRange,
  Timeouts,
} from "../core/traffic.ts";
import { duration } from "./convert.ts";
import { distributionOf, metadataOf } from "./convert-backend.ts";
import {
  fromGrpcMatch,
  fromHeaderModifier,
  fromHost,
  fromHttpMatch,
  fromRedirect,
  fromSni,
} from "./convert-route.ts";

/** A policy as a message before it is encoded. */
export type PolicyInit = MessageInitShape<typeof OutboundPolicySchema>;

const DETECT_TIMEOUT_MS = 10_000;
const MAX_REQUEST_BYTES = 64 * 1024;
const RETRY_BACKOFF: Penalties = { minMs: 25, maxMs: 250, jitter: 1 };
const HTTP_STATUS = { backend: 500, rule: 500, forbidden: 403 } as const;
const GRPC_STATUS = {
  backend: GrpcCode.UNAVAILABLE,
  rule: GrpcCode.INTERNAL,
  forbidden: GrpcCode.PERMISSION_DENIED,
} as const;

/** Writes the policy of a destination. */
export function fromOutboundPolicy(
  { ref, protocol, accrual }: OutboundPolicy,
  clusterDomain: string,
): PolicyInit {
  const failureAccrual = accrual && fromAccrual(accrual);
  const more = failureAccrual && { failureAccrual };
  return { metadata: metadataOf(ref), protocol: { kind: kindOf(protocol, clusterDomain, more) } };
}

type Kind = NonNullable<NonNullable<PolicyInit["protocol"]>["kind"]>;
type More = { readonly failureAccrual: MessageInitShape<typeof FailureAccrualSchema> } | undefined;

function kindOf(protocol: OutboundProtocol, domain: string, more: More): Kind {
  switch (protocol.type) {
    case "detect": {
      const routes = protocol.http.map((route) => httpRoute(route, domain));
      const value = {
        timeout: duration(DETECT_TIMEOUT_MS),
        opaque: { routes: protocol.opaque.map((route) => streamRoute(route, domain)) },
        http1: { routes, ...more },
        http2: { routes, ...more },
      };
      return { case: "detect", value };
    }
    case "http1":
    case "http2": {
      const routes = protocol.routes.map((route) => httpRoute(route, domain));
      return { case: protocol.type, value: { routes, ...more } };
    }
    case "grpc": {
      const routes = protocol.routes.map((route) => grpcRoute(route, domain));
      return { case: "grpc", value: { routes, ...more } };
    }
    case "tls":
      return {
        case: "tls",
        value: { routes: protocol.routes.map((route) => tlsRoute(route, domain)) },
      };
    case "opaque":
      return {
        case: "opaque",
        value: { routes: protocol.routes.map((route) => streamRoute(route, domain)) },
      };
  }
}

function httpRoute(
  { ref, hosts, rules }: HttpOutbound,
  domain: string,
): MessageInitShape<typeof HttpRouteSchema> {
  return {
    metadata: metadataOf(ref),
    hosts: hosts.map(fromHost),
    rules: rules.map((rule) => ({
      matches: rule.matches.map(fromHttpMatch),
      filters: rule.filters.map(fromHttpFilter),
      backends: distributionOf(rule, { domain, fromFilter: fromHttpFilter }),
      ...limitsOf(rule),
      ...(rule.retry && { retry: fromHttpRetry(rule.retry) }),
    })),
  };
}

function grpcRoute(
  { ref, hosts, rules }: GrpcOutbound,
  domain: string,
): MessageInitShape<typeof GrpcRouteSchema> {
  return {
    metadata: metadataOf(ref),
    hosts: hosts.map(fromHost),
    rules: rules.map((rule) => ({
      matches: rule.matches.map(fromGrpcMatch),
      filters: rule.filters.map(fromGrpcFilter),
      backends: distributionOf(rule, { domain, fromFilter: fromGrpcFilter }),
      ...limitsOf(rule),
      ...(rule.retry && { retry: fromGrpcRetry(rule.retry) }),
    })),
  };
}

const streamRoute = (
  { ref, rules }: StreamOutbound,
  domain: string,
): MessageInitShape<typeof OpaqueRouteSchema> => ({
  metadata: metadataOf(ref),
  rules: rules.map((rule) => ({
    filters: rule.filters.map(fromStreamFilter),
    backends: distributionOf(rule, { domain, fromFilter: fromStreamFilter }),
  })),
});

const tlsRoute = (
  { ref, hosts, rules }: StreamOutbound,
  domain: string,
): MessageInitShape<typeof TlsRouteSchema> => ({
  metadata: metadataOf(ref),
  snis: hosts.map(fromSni),
  rules: rules.map((rule) => ({
    filters: rule.filters.map(fromStreamFilter),
    backends: distributionOf(rule, { domain, fromFilter: fromStreamFilter }),
  })),
});

/** The limit of a whole request is said twice, for proxies of other ages. */
function limitsOf({ timeouts, attached }: OutboundRule<unknown, unknown>): {
  readonly requestTimeout?: ReturnType<typeof duration>;
  readonly timeouts?: ReturnType<typeof fromTimeouts>;
  readonly allowL5dRequestHeaders: boolean;
} {
  const requestMs = timeouts?.requestMs;
  return {
    ...(requestMs !== undefined && { requestTimeout: duration(requestMs) }),
    ...(timeouts && { timeouts: fromTimeouts(timeouts) }),
    allowL5dRequestHeaders: attached,
  };
}

const fromTimeouts = ({
  requestMs,
  responseMs,
  idleMs,
}: Timeouts): Partial<Record<"request" | "response" | "idle", ReturnType<typeof duration>>> => ({
  ...(requestMs !== undefined && { request: duration(requestMs) }),
  ...(responseMs !== undefined && { response: duration(responseMs) }),
  ...(idleMs !== undefined && { idle: duration(idleMs) }),
});

const retryOf = ({
  limit,
  timeoutMs,
}: Retry<unknown>): Omit<
  MessageInitShape<typeof HttpRoute_RetrySchema>,
  "$typeName" | "conditions"
> => ({
  maxRetries: limit,
  maxRequestBytes: MAX_REQUEST_BYTES,
  ...(timeoutMs !== undefined && { timeout: duration(timeoutMs) }),
  backoff: fromPenalties(RETRY_BACKOFF),
});

const fromHttpRetry = (
  retry: Retry<StatusRange>,
): MessageInitShape<typeof HttpRoute_RetrySchema> => ({
  ...retryOf(retry),
  conditions: { statusRanges: retry.conditions.map(({ from, to }) => ({ start: from, end: to })) },
});

const fromGrpcRetry = (
  retry: Retry<GrpcRetryCode>,
): MessageInitShape<typeof GrpcRoute_RetrySchema> => ({
  ...retryOf(retry),
  conditions: {
    cancelled: retry.conditions.includes("cancelled"),
    deadineExceeded: retry.conditions.includes("deadline-exceeded"),
    resourceExhausted: retry.conditions.includes("resource-exhausted"),
    internal: retry.conditions.includes("internal"),
    unavailable: retry.conditions.includes("unavailable"),
  },
});

function fromHttpFilter(filter: OutboundFilter): MessageInitShape<typeof HttpRoute_FilterSchema> {
  switch (filter.type) {
    case "request-headers":
      return {
        kind: { case: "requestHeaderModifier", value: fromHeaderModifier(filter.modifier) },
      };
    case "response-headers":
      return {
        kind: { case: "responseHeaderModifier", value: fromHeaderModifier(filter.modifier) },
      };
    case "redirect":
      return { kind: { case: "redirect", value: fromRedirect(filter.redirect) } };
    case "refuse": {
      const value = { status: HTTP_STATUS[filter.why], message: filter.message };
      return { kind: { case: "failureInjector", value } };
    }
  }
}

/** Readers leave calls no filters but those of request headers. */
function fromGrpcFilter(filter: OutboundFilter): MessageInitShape<typeof GrpcRoute_FilterSchema> {
  if (filter.type === "request-headers")
    return { kind: { case: "requestHeaderModifier", value: fromHeaderModifier(filter.modifier) } };
  const { why, message } = refusalOf(filter);
  return { kind: { case: "failureInjector", value: { code: GRPC_STATUS[why], message } } };
}

/** Filters of opaque and of TLS connections are of one form. */
function fromStreamFilter(filter: OutboundFilter): {
  readonly kind:
    | { readonly case: "forbidden"; readonly value: Record<never, never> }
    | { readonly case: "invalid"; readonly value: { readonly message: string } };
} {
  const { why, message } = refusalOf(filter);
  if (why === "forbidden") return { kind: { case: "forbidden", value: {} } };
  return { kind: { case: "invalid", value: { message } } };
}

/** What a message has no word for is refused. */
function refusalOf(filter: OutboundFilter): Refusal {
  if (filter.type === "refuse") return filter;
  return {
    type: "refuse",
    why: "rule",
    message: `filter ${filter.type} is not for this kind of route`,
  };
}

function fromAccrual({
  maxFailures,
  penalties,
  unified,
}: FailureAccrual): MessageInitShape<typeof FailureAccrualSchema> {
  const backoff = fromPenalties(penalties);
  if (unified === undefined)
    return { kind: { case: "consecutiveFailures", value: { maxFailures, backoff } } };
  const value = {
    successRateThreshold: unified.threshold,
    decay: duration(unified.windowMs),
    minRequests: unified.minRequests,
    maxConsecutiveFailures: maxFailures,
    backoff: { ...backoff, respectRetryAfterHint: unified.honorRetryAfter },
  };
  return { kind: { case: "unified", value } };
}

const fromPenalties = ({
  minMs,
  maxMs,
  jitter,
}: Penalties): {
  minBackoff: ReturnType<typeof duration>;
  maxBackoff: ReturnType<typeof duration>;
  jitterRatio: number;
} => ({ minBackoff: duration(minMs), maxBackoff: duration(maxMs), jitterRatio: jitter });
