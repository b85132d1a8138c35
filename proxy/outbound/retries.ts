/** What retries share: the budget of their Service, and the counters of their route. */

import {
  DEFAULT_RETRY_BUDGET,
  RetryBudget,
  type RetryBudgetOptions,
} from "#lib/stack/retry-budget.ts";
import type { RetryParts } from "../http/retry.ts";
import type { Metadata } from "../policy/client-policy.ts";
import type { ProfileRetries } from "../policy/retry-rule.ts";
import { HostSeries, hostnameOf } from "../telemetry/host-series.ts";
import { resourceLabels, routeLabels } from "../telemetry/labels.ts";
import type { RetryCounters, RetryFamilies } from "../telemetry/retry-metrics.ts";
import type { Runtime } from "../transport/runtime.ts";

/** Budgets that are kept at most, for Services that were asked for last: one that was forgotten begins anew. */
const BUDGETS_LIMIT = 1024;

/** What that needs. */
export interface RetriesOptions {
  readonly runtime: Pick<Runtime, "clock" | "random">;
  readonly families: { readonly retries: RetryFamilies };
  /** Whether host names are told apart. */
  readonly config: { readonly hostnameLabels: boolean };
}

/** Gives out what the retries of a Service share, over all its ports and addresses. */
export class Retries {
  readonly #runtime: Pick<Runtime, "clock" | "random">;
  readonly #families: RetryFamilies;
  readonly #hostnames: boolean;
  readonly #budgets = new Map<string, RetryBudget>();

  constructor({ runtime, families, config }: RetriesOptions) {
    this.#runtime = runtime;
    this.#families = families.retries;
    this.#hostnames = config.hostnameLabels;
  }

  /** For the requests of one route of a Service. */
  of(
    { parent, route }: { readonly parent: Metadata; readonly route: Metadata },
    kind: "http" | "grpc",
    profile: ProfileRetries | undefined,
  ): RetryParts {
    const { clock, random } = this.#runtime;
    if (profile !== undefined) {
      const ofRoute = this.#families.profile.counters(profile.labels);
      const counters = new HostSeries(() => ofRoute, false);
      return { budget: this.#budgetOf(parent, profile.budget), counters, clock, random };
    }
    const labels = { ...resourceLabels("parent", parent), ...routeLabels(route) };
    const ofHost = (authority: string): RetryCounters =>
      this.#families[kind].counters({ ...labels, hostname: hostnameOf(authority) });
    const counters = new HostSeries(ofHost, this.#hostnames);
    return { budget: this.#budgetOf(parent, DEFAULT_RETRY_BUDGET), counters, clock, random };
  }

  #budgetOf({ group, kind, namespace, name }: Metadata, options: RetryBudgetOptions): RetryBudget {
    const { ratio, minPerSecond, ttlMs } = options;
    const key = `${group}/${kind}/${namespace}/${name} ${ratio} ${minPerSecond} ${ttlMs}`;
    const { clock } = this.#runtime;
    const budget = this.#budgets.get(key) ?? new RetryBudget(options, clock.now());
    this.#budgets.delete(key);
    this.#budgets.set(key, budget);
    const [oldest] = this.#budgets.keys();
    if (this.#budgets.size > BUDGETS_LIMIT && oldest !== undefined) this.#budgets.delete(oldest);
    return budget;
  }
}
