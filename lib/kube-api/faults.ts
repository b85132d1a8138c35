/** Faults on demand, for tests of clients: refusals, stalls and late events. */

import { ApiError } from "./api-error.ts";

/** A fault that the next requests meet. */
export type Fault =
  | {
      readonly type: "status";
      readonly status: 429 | 500 | 503;
      readonly retryAfterSeconds?: number;
    }
  /** The request is never answered. */
  | { readonly type: "stall" };

/** Which requests, and how many of them. */
export interface FaultRule {
  /** Part of `METHOD /path?query`. */
  readonly match: string | RegExp;
  readonly times: number;
  readonly fault: Fault;
}

/** Injected faults; none by default. */
export class Faults {
  #rules: { readonly rule: FaultRule; left: number }[] = [];
  /** Milliseconds that events of watches are held back. */
  eventDelayMs = 0;

  /** Adds a fault for the next matching requests. */
  inject(rule: FaultRule): void {
    this.#rules.push({ rule, left: rule.times });
  }

  clear(): void {
    this.#rules = [];
    this.eventDelayMs = 0;
  }

  /** The fault that a request meets, counted. */
  take(request: string): Fault | undefined {
    const found = this.#rules.find(
      ({ rule, left }) =>
        left > 0 &&
        (typeof rule.match === "string" ? request.includes(rule.match) : rule.match.test(request)),
    );
    if (found === undefined) return undefined;
    found.left--;
    return found.rule.fault;
  }
}

/** The refusal of a fault of type `status`. */
export function refusalOf(fault: Extract<Fault, { readonly type: "status" }>): ApiError {
  const seconds = fault.retryAfterSeconds;
  const details = seconds === undefined ? {} : { details: { retryAfterSeconds: seconds } };
  switch (fault.status) {
    case 429:
      return new ApiError(
        "TooManyRequests",
        "the server has received too many requests and has asked us to try again later",
        details,
      );
    case 500:
      return new ApiError("InternalError", "Internal error occurred: on demand", details);
    case 503:
      return new ApiError(
        "ServiceUnavailable",
        "the server is currently unable to handle the request",
        details,
      );
  }
}
