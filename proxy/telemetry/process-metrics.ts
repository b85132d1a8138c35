/** What the process itself says of its resources (MET41, MET45 to MET47). */

import type { Counter } from "#lib/metrics/counter.ts";
import type { Gauge } from "#lib/metrics/gauge.ts";
import type { Family, Registry } from "#lib/metrics/registry.ts";
import type { ProcessUsage } from "#lib/sys/process-usage.ts";

/** What is read of the process when it is scraped. */
export interface ProcessFacts extends ProcessUsage {
  readonly startSeconds: number;
  readonly nowSeconds: number;
}

/** A figure of the process: its name, what it is, and where it is found. */
type Row = readonly [name: string, help: string, of: (facts: ProcessFacts) => number];

const GAUGES: readonly Row[] = [
  [
    "process_start_time_seconds",
    "Time that the process started, in seconds since 1970.",
    ({ startSeconds }) => startSeconds,
  ],
  [
    "process_clock_time_seconds",
    "Current system time for this proxy.",
    ({ nowSeconds }) => nowSeconds,
  ],
  [
    "process_virtual_memory_bytes",
    "Virtual memory size in bytes.",
    ({ virtualBytes }) => virtualBytes,
  ],
  [
    "process_resident_memory_bytes",
    "Resident memory size in bytes.",
    ({ residentBytes }) => residentBytes,
  ],
  ["process_open_fds", "Number of open file descriptors.", ({ openFiles }) => openFiles],
  ["process_max_fds", "Maximum number of open file descriptors.", ({ maxFiles }) => maxFiles],
  ["process_threads", "Number of OS threads in the process.", ({ threads }) => threads],
];

const COUNTERS: readonly Row[] = [
  [
    "process_uptime_seconds_total",
    "Total time since the process started, in seconds.",
    ({ nowSeconds, startSeconds }) => nowSeconds - startSeconds,
  ],
  [
    "process_cpu_seconds_total",
    "Total user and system CPU time in seconds.",
    ({ cpuSeconds }) => cpuSeconds,
  ],
  [
    "process_network_receive_bytes_total",
    "Total number of bytes received over the network.",
    ({ receivedBytes }) => receivedBytes,
  ],
  [
    "process_network_transmit_bytes_total",
    "Total number of bytes transmitted over the network.",
    ({ transmittedBytes }) => transmittedBytes,
  ],
];

/** Gauges and counters of the process, set when scraped. */
export class ProcessMetrics {
  readonly #setters: readonly ((facts: ProcessFacts) => void)[];
  readonly #expires: Gauge;
  readonly #refreshed: Gauge;
  readonly #refreshes: Family<Counter>;

  /** `workers`: how many were asked for. */
  constructor(
    registry: Registry,
    { version, workers }: { readonly version: string; readonly workers: number },
  ) {
    const gauge = (name: string, help: string): Gauge => registry.gauge(name, help).with();
    registry
      .gauge("proxy_build_info", "Proxy build info.")
      .with({ vendor: "bunkerd", version })
      .set(1);
    gauge(
      "bunkerd_workers_configured",
      "Worker threads that CORES and its like ask for; this version has one.",
    ).set(workers);
    this.#setters = [
      ...GAUGES.map(([name, help, of]) => {
        const made = gauge(name, help);
        return (facts: ProcessFacts): void => made.set(of(facts));
      }),
      ...COUNTERS.map(([name, help, of]) => {
        const made = registry.counter(name, help).with();
        return (facts: ProcessFacts): void => {
          made.value = of(facts);
        };
      }),
    ];
    this.#expires = gauge(
      "control_identity_cert_expiration_timestamp_seconds",
      "Time when this proxy's current mTLS identity certificate will expire.",
    );
    this.#refreshed = gauge(
      "control_identity_cert_refresh_timestamp_seconds",
      "Time when this proxy's current mTLS identity certificate was obtained.",
    );
    this.#refreshes = registry.counter(
      "control_identity_cert_refreshes_total",
      "The total number of times this proxy's certificate was refreshed.",
    );
  }

  /** A certificate was obtained, valid to then; seconds since 1970. */
  certificateObtained(nowSeconds: number, expiresSeconds: number): void {
    this.#refreshed.set(nowSeconds);
    this.#expires.set(expiresSeconds);
    this.#refreshes.with({ result: "ok" }).increment();
  }

  /** A certificate was asked for in vain. */
  certificateFailed(): void {
    this.#refreshes.with({ result: "error" }).increment();
  }

  /** Takes in what the process says now. */
  update(facts: ProcessFacts): void {
    for (const set of this.#setters) set(facts);
  }
}
