/** What is counted of a connection's refused requests under one policy. */

import type { Counter } from "#lib/metrics/counter.ts";
import type { Labels } from "#lib/metrics/registry.ts";
import { ANSWERS, type ErrorKind } from "../http/rescue.ts";
import type { RateLimit } from "../policy/rate-limit.ts";
import type { ErrorMetrics } from "../telemetry/error-metrics.ts";
import { policyLabels } from "../telemetry/labels.ts";

/** Whose requests they are. */
export interface RefusedLabels {
  /** What was called (LBL2), and its server (LBL4). */
  readonly server: Labels;
  /** The same, and how the caller connected (LBL1). */
  readonly caller: Labels;
}

/** The counters. Each series is looked up once: such requests are what floods consist of. */
export class Refusals {
  readonly #metrics: ErrorMetrics;
  readonly #labels: RefusedLabels;
  #noRoute: Counter | undefined;
  readonly #limited: { total: Counter | undefined; identity: Counter | undefined } = {
    total: undefined,
    identity: undefined,
  };
  readonly #errors: { -readonly [kind in ErrorKind]?: Counter } = {};

  constructor(metrics: ErrorMetrics, labels: RefusedLabels) {
    this.#metrics = metrics;
    this.#labels = labels;
  }

  /** No route takes a request. */
  noRoute(): void {
    this.#noRoute ??= this.#metrics.httpNoRoute.with(this.#labels.caller);
    this.#noRoute.increment();
  }

  /** A limit refuses a request. */
  limited({ labels }: RateLimit, scope: "total" | "identity"): void {
    this.#limited[scope] ??= this.#metrics.httpLimited.with({
      ...this.#labels.caller,
      ...policyLabels("ratelimit", labels),
      ratelimit_scope: scope,
    });
    this.#limited[scope].increment();
  }

  /** The proxy answers with an error of its own; what policy refuses its own families count, and no other. */
  error(kind: ErrorKind): void {
    if (kind === "unauthorized" || kind === "no-route") return;
    this.#errors[kind] ??= this.#metrics.inboundHttp.with({
      ...this.#labels.server,
      error: ANSWERS[kind].label,
    });
    this.#errors[kind].increment();
  }
}
