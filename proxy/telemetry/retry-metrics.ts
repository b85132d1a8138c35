/** Retries of outbound routes (MET26) and of ServiceProfiles (MET6). */

import { Counter } from "#lib/metrics/counter.ts";
import type { Family, Labels, Registry } from "#lib/metrics/registry.ts";

/** The counters of one rule's route. */
export interface RetryCounters {
  readonly requests: Counter;
  readonly successes: Counter;
  readonly limitExceeded: Counter;
  readonly overflow: Counter;
}

/** The families of one kind of route. */
export class RetryMetrics {
  readonly #requests: Family<Counter>;
  readonly #successes: Family<Counter>;
  readonly #limitExceeded: Family<Counter>;
  readonly #overflow: Family<Counter>;

  constructor(registry: Registry, kind: "http" | "grpc") {
    const family = (name: string, help: string): Family<Counter> =>
      registry.counter(`outbound_${kind}_route_retry_${name}_total`, help);
    this.#requests = family("requests", "Retry requests emitted.");
    this.#successes = family("successes", "Successful responses to retry requests.");
    this.#limitExceeded = family(
      "limit_exceeded",
      "Retryable requests not sent due to retry limits.",
    );
    this.#overflow = family("overflow", "Retryable requests not sent due to retry budgets.");
  }

  /** The counters of one label set, resolved once for a rule. */
  counters(labels: Labels): RetryCounters {
    return {
      requests: this.#requests.with(labels),
      successes: this.#successes.with(labels),
      limitExceeded: this.#limitExceeded.with(labels),
      overflow: this.#overflow.with(labels),
    };
  }
}

/** Retries of ServiceProfiles (MET6). */
export class ProfileRetryMetrics {
  readonly #retryable: Family<Counter>;

  constructor(registry: Registry) {
    this.#retryable = registry.counter(
      "route_retryable_total",
      "Total count of retryable HTTP requests that were tried again, or skipped.",
    );
  }

  /** The counters of one route; Linkerd counts neither successes nor limits of these. */
  counters(labels: Labels): RetryCounters {
    const all = { direction: "outbound", ...labels };
    return {
      requests: this.#retryable.with(all),
      successes: new Counter(),
      limitExceeded: new Counter(),
      overflow: this.#retryable.with({ ...all, skipped: "no_budget" }),
    };
  }
}

/** The families of both kinds of route, and of ServiceProfiles. */
export interface RetryFamilies {
  readonly http: RetryMetrics;
  readonly grpc: RetryMetrics;
  readonly profile: ProfileRetryMetrics;
}

/** Those of a proxy. */
export function retryFamilies(registry: Registry): RetryFamilies {
  return {
    http: new RetryMetrics(registry, "http"),
    grpc: new RetryMetrics(registry, "grpc"),
    profile: new ProfileRetryMetrics(registry),
  };
}
