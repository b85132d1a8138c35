/** Endpoints of balancers, and requests that go through their queues (MET31 to MET35). */

import type { Counter } from "#lib/metrics/counter.ts";
import type { Gauge } from "#lib/metrics/gauge.ts";
import type { Histogram } from "#lib/metrics/histogram.ts";
import type { Family, Registry } from "#lib/metrics/registry.ts";

/** Bounds of the time in a queue, in seconds. */
const LATENCY_BOUNDS = [0.0005, 0.005, 0.05, 0.5, 1, 3];

/** How a set of endpoints changed. */
export type EndpointsOp = "Reset" | "Add" | "Remove";

/** The families of one kind of balancer. */
export class BalancerMetrics {
  readonly #endpoints: Family<Gauge>;
  readonly #known: Family<Gauge>;
  readonly #updates: Family<Counter>;
  readonly #length: Family<Gauge>;
  readonly #requests: Family<Counter>;
  readonly #latency: Family<Histogram>;
  readonly #opened: Family<Counter>;
  readonly #shut: Family<Counter>;
  readonly #openTime: Family<Gauge>;
  readonly #shutTime: Family<Gauge>;
  readonly #timeout: Family<Gauge>;

  /** `name` is what all of them begin with. */
  constructor(registry: Registry, name: string) {
    const gauge = (what: string, help: string): Family<Gauge> =>
      registry.gauge(`${name}_${what}`, help, what.endsWith("_seconds") ? "seconds" : undefined);
    const counter = (what: string, help: string): Family<Counter> =>
      registry.counter(`${name}_${what}_total`, help);
    this.#endpoints = gauge(
      "endpoints",
      "The number of endpoints currently in a HTTP request balancer.",
    );
    this.#known = gauge("p2c_endpoints", "The number of endpoints currently in the balancer.");
    this.#updates = counter(
      "p2c_updates",
      "The total number of service discovery updates received by a balancer.",
    );
    this.#length = gauge("queue_length", "The current count of requests waiting in the queue.");
    this.#requests = counter(
      "queue_requests",
      "The total number of requests that have entered the queue.",
    );
    this.#latency = registry.histogram(`${name}_queue_latency_seconds`, {
      help: "The distribution of durations that requests have spent in the queue.",
      ...{ bounds: LATENCY_BOUNDS, unit: "seconds" },
    });
    this.#opened = counter("queue_gate_open", "The total number of gate state changes to open.");
    this.#shut = counter(
      "queue_gate_shut",
      "The total number of gate state changes from open to shut.",
    );
    this.#openTime = gauge(
      "queue_gate_open_time_seconds",
      "The time at which the gate was opened.",
    );
    this.#shutTime = gauge("queue_gate_shut_time_seconds", "The time at which the gate was shut.");
    this.#timeout = gauge(
      "queue_gate_timeout_seconds",
      "Indicates the request timeout after which the gate will shut and enter failfast.",
    );
  }

  /** The series of a label set, which is formatted already; empty where balancers have none. */
  of(labels: string): BalancerSeries {
    const with_ = (label: string): string => (labels === "" ? label : `${label},${labels}`);
    const updates = (op: EndpointsOp): Counter => this.#updates.withText(with_(`op="${op}"`));
    return new BalancerSeries({
      ready: this.#endpoints.withText(with_('endpoint_state="ready"')),
      pending: this.#endpoints.withText(with_('endpoint_state="pending"')),
      known: this.#known.withText(labels),
      updates: { Reset: updates("Reset"), Add: updates("Add"), Remove: updates("Remove") },
      length: this.#length.withText(labels),
      requests: this.#requests.withText(labels),
      latency: this.#latency.withText(labels),
      opened: this.#opened.withText(labels),
      shut: this.#shut.withText(labels),
      openTime: this.#openTime.withText(labels),
      shutTime: this.#shutTime.withText(labels),
      timeout: this.#timeout.withText(labels),
    });
  }
}

interface Instruments {
  readonly ready: Gauge;
  readonly pending: Gauge;
  readonly known: Gauge;
  readonly updates: Readonly<Record<EndpointsOp, Counter>>;
  readonly length: Gauge;
  readonly requests: Counter;
  readonly latency: Histogram;
  readonly opened: Counter;
  readonly shut: Counter;
  readonly openTime: Gauge;
  readonly shutTime: Gauge;
  readonly timeout: Gauge;
}

/** What is told of the balancers of one label set. */
export class BalancerSeries {
  readonly #of: Instruments;

  constructor(of: Instruments) {
    this.#of = of;
  }

  /** A request enters the queue. */
  entered(): void {
    this.#of.requests.value += 1;
  }

  /** It has to wait. */
  waits(): void {
    this.#of.length.increment();
  }

  /** It waits no longer. */
  woken(): void {
    this.#of.length.decrement();
  }

  /** It has left the queue, after so long. */
  left(ms: number): void {
    this.#of.latency.observe(ms / 1000);
  }

  /** How many endpoints there are now, and how many of them can be used. */
  holds(known: number, ready: number): void {
    this.#of.known.set(known);
    this.#of.ready.set(ready);
    this.#of.pending.set(known - ready);
  }

  /** Endpoints came or went, so often. */
  updated(op: EndpointsOp, count = 1): void {
    this.#of.updates[op].add(count);
  }

  /** Requests are let in, by the wall clock; `timeoutMs` is how long they may wait before none is. */
  opens(wallMs: number, timeoutMs: number): void {
    this.#of.opened.increment();
    this.#of.openTime.set(wallMs / 1000);
    this.#of.shutTime.set(0);
    this.#of.timeout.set(timeoutMs / 1000);
  }

  /** They fail at once. */
  shuts(wallMs: number): void {
    this.#of.shut.increment();
    this.#of.shutTime.set(wallMs / 1000);
    this.#of.openTime.set(0);
  }

  /** No balancer has these labels any more. */
  ends(): void {
    this.holds(0, 0);
    for (const gauge of [this.#of.openTime, this.#of.shutTime, this.#of.timeout]) gauge.set(0);
  }
}
