/** How long requests of a rule may take and how they are tried again, into the proxy's own types. */

import type { Duration } from "@bufbuild/protobuf/wkt";
import type { Timeouts as TimeoutsMessage } from "#lib/api/gen/proxy/http_route_pb.ts";
import type {
  ExponentialBackoff,
  GrpcRoute_Retry,
  HttpRoute_Retry,
} from "#lib/api/gen/proxy/outbound_pb.ts";
import { GrpcCode } from "#lib/grpc/status.ts";
import type { Timeouts } from "../policy/client-policy.ts";
import type { BackoffRange, RetryRule } from "../policy/retry-rule.ts";
import { toMs } from "./convert.ts";
import { demand } from "./demands.ts";
import { PolicyError } from "./policy-error.ts";

/** Reads the times of a rule; the older field counts where the newer one is not set. */
export function toTimeouts({
  timeouts,
  requestTimeout,
}: {
  readonly timeouts?: TimeoutsMessage | undefined;
  readonly requestTimeout?: Duration | undefined;
}): Timeouts {
  return {
    requestMs: toLimit(timeouts?.request ?? requestTimeout),
    responseMs: toLimit(timeouts?.response),
    idleMs: toLimit(timeouts?.idle),
    profileMs: undefined,
  };
}

/** Reads how HTTP requests of a rule are tried again. */
export function toHttpRetry(message: HttpRoute_Retry): RetryRule {
  if (message.maxRetries > 0xffff) throw new PolicyError("retry", "it has too many retries");
  const ranges = demand(message.conditions, "what is tried again").statusRanges;
  return {
    ...toRetry(message),
    codes: [],
    statuses: ranges.map(({ start, end }) => {
      if (start < 1 || end > 599 || start > end)
        throw new PolicyError("retry", `${start} to ${end} are no statuses`);
      return { first: start, last: end };
    }),
  };
}

/** Reads how gRPC calls of a rule are tried again. */
export function toGrpcRetry(message: GrpcRoute_Retry): RetryRule {
  const { cancelled, deadineExceeded, resourceExhausted, internal, unavailable } = demand(
    message.conditions,
    "what is tried again",
  );
  const codes = [
    ...(cancelled ? [GrpcCode.CANCELLED] : []),
    ...(deadineExceeded ? [GrpcCode.DEADLINE_EXCEEDED] : []),
    ...(resourceExhausted ? [GrpcCode.RESOURCE_EXHAUSTED] : []),
    ...(internal ? [GrpcCode.INTERNAL] : []),
    ...(unavailable ? [GrpcCode.UNAVAILABLE] : []),
  ];
  return { ...toRetry(message), statuses: [], codes };
}

function toRetry({
  maxRetries,
  maxRequestBytes,
  timeout,
  backoff,
}: HttpRoute_Retry | GrpcRoute_Retry): Omit<RetryRule, "statuses" | "codes"> {
  return {
    limit: maxRetries,
    maxRequestBytes,
    timeoutMs: toLimit(timeout),
    backoff: backoff && toBackoff(backoff),
    profile: undefined,
  };
}

/** Reads waits; throws PolicyError where they are none. */
export function toBackoff({
  minBackoff,
  maxBackoff,
  jitterRatio,
}: ExponentialBackoff): BackoffRange {
  const minMs = toMs(demand(minBackoff, "a shortest wait"), 0);
  const maxMs = toMs(demand(maxBackoff, "a longest wait"), 0);
  const isRange = minMs >= 0 && maxMs > 0 && minMs <= maxMs;
  if (!isRange || !(jitterRatio >= 0 && jitterRatio <= 100))
    throw new PolicyError("retry", `${minMs} ms to ${maxMs} ms by ${jitterRatio} are no waits`);
  return { minMs, maxMs, jitter: jitterRatio };
}

/** Milliseconds; no time at all is no limit (Gateway API), and a negative one refuses the policy. */
export function toLimit(duration: Duration | undefined): number | undefined {
  const ms = toMs(duration, 0);
  if (ms < 0) throw new PolicyError("time", "a time is negative");
  return ms === 0 ? undefined : ms;
}
