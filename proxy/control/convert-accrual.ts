/** When endpoints that fail are left alone, into the proxy's own types; throws PolicyError for what cannot be known. */

import type { FailureAccrual, FailureAccrual_Unified } from "#lib/api/gen/proxy/outbound_pb.ts";
import type { AccrualRule, SuccessRateRule } from "../policy/accrual-rule.ts";
import { toMs } from "./convert.ts";
import { toBackoff } from "./convert-limits.ts";
import { demand } from "./demands.ts";
import { PolicyError } from "./policy-error.ts";

const MIN_REQUESTS_LIMIT = 1_000_000;
const WINDOW_DEFAULT_MS = 10_000;
const WINDOW_LEAST_MS = 10;

/** Reads the rule of a protocol; undefined where it has none. */
export function toAccrual(message: FailureAccrual | undefined): AccrualRule | undefined {
  if (message === undefined) return undefined;
  const { kind } = message;
  switch (kind.case) {
    case "consecutiveFailures":
      return {
        maxFailures: kind.value.maxFailures,
        successRate: undefined,
        unified: false,
        backoff: toBackoff(demand(kind.value.backoff, "a wait after failures")),
      };
    case "unified":
      return {
        maxFailures: kind.value.maxConsecutiveFailures,
        successRate: toSuccessRate(kind.value),
        unified: true,
        backoff: toBackoff(demand(kind.value.backoff, "a wait after failures")),
      };
    case undefined:
      throw new PolicyError("accrual", "failures are counted in a way that is not known");
  }
}

/** A threshold of 0 is none. */
function toSuccessRate({
  successRateThreshold: threshold,
  decay,
  minRequests,
}: FailureAccrual_Unified): SuccessRateRule | undefined {
  const windowMs = toMs(decay, WINDOW_DEFAULT_MS);
  if (!(threshold >= 0 && threshold <= 1) || minRequests > MIN_REQUESTS_LIMIT)
    throw new PolicyError("accrual", `${threshold} of ${minRequests} is no share of successes`);
  if (threshold === 0) return undefined;
  if (windowMs < WINDOW_LEAST_MS)
    throw new PolicyError("accrual", `a share of successes cannot be that of ${windowMs} ms`);
  return { threshold, windowMs, minRequests };
}
