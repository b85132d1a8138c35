/** Calls to the services of the control plane (MET7), connections to them (MET31), and how they are found (MET42). */

import type { Counter } from "#lib/metrics/counter.ts";
import type { Family, Labels, Registry } from "#lib/metrics/registry.ts";
import { BalancerMetrics, type BalancerSeries } from "./balancer-metrics.ts";
import { HttpMetrics, type HttpScope } from "./http-metrics.ts";

/** The services, as metrics name them. */
export type ControlClient = "identity" | "destination" | "policy" | "trace_collector";

/** What is counted of one service. */
export interface ControlSeries {
  readonly calls: HttpScope;
  readonly balancer: BalancerSeries;
  readonly resolved: Counter;
  readonly notFound: Counter;
}

/** The families of one proxy. */
export class ControlMetrics {
  readonly #http: HttpMetrics;
  readonly #dns: Family<Counter>;
  readonly #registry: Registry;
  readonly #balancers = new Map<ControlClient, BalancerMetrics>();

  constructor(registry: Registry) {
    this.#registry = registry;
    this.#http = new HttpMetrics(registry, { prefix: "control_" });
    this.#dns = registry.counter(
      "control_dns_resolutions_total",
      "The number of times DNS resolutions have been performed.",
    );
    for (const client of ["identity", "destination", "policy"] as const) this.#balancer(client);
  }

  /** There are families of the collector only where there is one. */
  #balancer(client: ControlClient): BalancerMetrics {
    const name =
      client === "trace_collector" ? "opentelemetry_balancer" : `control_${client}_balancer`;
    const known = this.#balancers.get(client) ?? new BalancerMetrics(this.#registry, name);
    this.#balancers.set(client, known);
    return known;
  }

  /** The series of a service; `labels` say where it is and how it proves itself (LBL1). */
  of(client: ControlClient, labels: Labels): ControlSeries {
    const dns = (type: "A/AAAA" | "SRV", result: "ok" | "not_found"): Counter =>
      this.#dns.with({ client, record_type: type, result });
    const series = {
      calls: this.#http.scope(labels),
      balancer: this.#balancer(client).of(""),
      resolved: dns("A/AAAA", "ok"),
      notFound: dns("A/AAAA", "not_found"),
    };
    // They are asked for by their addresses alone.
    dns("SRV", "ok");
    dns("SRV", "not_found");
    return series;
  }
}
