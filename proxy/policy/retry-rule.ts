/** Which answers of a rule's requests are tried again, and how often (P33); pure. */

import type { RetryBudgetOptions } from "#lib/stack/retry-budget.ts";

/** Statuses from the first to the last. */
export interface StatusRange {
  readonly first: number;
  readonly last: number;
}

/** Waits between tries, in milliseconds, each lengthened by up to `jitter` of itself. */
export interface BackoffRange {
  readonly minMs: number;
  readonly maxMs: number;
  readonly jitter: number;
}

/** What a ServiceProfile says of the retries of one of its routes (P34). */
export interface ProfileRetries {
  /** Shared by all routes of the profile. */
  readonly budget: RetryBudgetOptions;
  /** Name the route in metrics. */
  readonly labels: Readonly<Record<string, string>>;
}

/** How requests are tried again. */
export interface RetryRule {
  /** Retries of one request. */
  readonly limit: number;
  /** Requests with a longer body go out once. */
  readonly maxRequestBytes: number;
  readonly statuses: readonly StatusRange[];
  /** Codes of gRPC. */
  readonly codes: readonly number[];
  /** How long the head of an answer may take while another try is left; undefined: as long as it likes. */
  readonly timeoutMs: number | undefined;
  /** Undefined: at once. */
  readonly backoff: BackoffRange | undefined;
  /** Undefined where no ServiceProfile says so: then requests that nobody took are tried again, too. */
  readonly profile: ProfileRetries | undefined;
}

/** Whether an answer is to be tried again; `grpcStatus` is -1 where it has none that is known. */
export function isRetryable(
  { statuses, codes }: Pick<RetryRule, "statuses" | "codes">,
  status: number,
  grpcStatus: number,
): boolean {
  if (grpcStatus >= 0 && codes.includes(grpcStatus)) return true;
  for (const { first, last } of statuses) if (status >= first && status <= last) return true;
  return false;
}
