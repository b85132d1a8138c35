/** What the process itself says of its resources (MET41, MET45 to MET47). */

import type { Gauge } from "#lib/metrics/gauge.ts";
import type { Registry } from "#lib/metrics/registry.ts";

/** What is read of the process when it is scraped. */
export interface ProcessFacts {
  readonly startSeconds: number;
  readonly nowSeconds: number;
  readonly residentBytes: number;
  readonly cpuSeconds: number;
}

/** Gauges and counters of the process, set when scraped. */
export class ProcessMetrics {
  readonly #start: Gauge;
  readonly #clock: Gauge;
  readonly #resident: Gauge;
  readonly #registry: Registry;
  readonly certificateExpires: Gauge;

  /** `workers`: how many were asked for. */
  constructor(
    registry: Registry,
    { version, workers }: { readonly version: string; readonly workers: number },
  ) {
    this.#registry = registry;
    const gauge = (name: string, help: string): Gauge => registry.gauge(name, help).with();
    registry
      .gauge("proxy_build_info", "Proxy build info.")
      .with({ vendor: "bunkerd", version })
      .set(1);
    gauge(
      "bunkerd_workers_configured",
      "Worker threads that CORES and its like ask for; this version has one.",
    ).set(workers);
    this.#start = gauge(
      "process_start_time_seconds",
      "Time that the process started, in seconds since 1970.",
    );
    this.#clock = gauge("process_clock_time_seconds", "Current system time for this proxy.");
    this.#resident = gauge("process_resident_memory_bytes", "Resident memory size in bytes.");
    this.certificateExpires = gauge(
      "control_identity_cert_expiration_timestamp_seconds",
      "Time when this proxy's current mTLS identity certificate will expire.",
    );
  }

  /** Certificate requests by result. */
  certificateRefreshed(result: "ok" | "error"): void {
    this.#registry
      .counter(
        "control_identity_cert_refreshes_total",
        "The total number of times this proxy's certificate was refreshed.",
      )
      .with({ result })
      .increment();
  }

  /** Takes in what the process says now. */
  update(facts: ProcessFacts): void {
    this.#start.set(facts.startSeconds);
    this.#clock.set(facts.nowSeconds);
    this.#resident.set(facts.residentBytes);
    const cpu = this.#registry
      .counter("process_cpu_seconds_total", "Total user and system CPU time in seconds.")
      .with();
    cpu.value = facts.cpuSeconds;
  }
}
