/** When an endpoint that fails is left alone (P36, P37). */

import type { BackoffRange } from "./retry-rule.ts";

/** When an endpoint is shut, and for how long. */
export interface AccrualRule {
  /** So many failures in a row; 0: however many. */
  readonly maxFailures: number;
  /** A share of successes that is too low; undefined: none is. */
  readonly successRate: SuccessRateRule | undefined;
  /** A probe that is answered by a limit has failed. */
  readonly unified: boolean;
  readonly backoff: BackoffRange;
}

/** The share of successes of the last `windowMs` must not be below the threshold once there are `minRequests` answers. */
export interface SuccessRateRule {
  readonly threshold: number;
  readonly windowMs: number;
  readonly minRequests: number;
}
