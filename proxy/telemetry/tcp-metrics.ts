/** Connections and their bytes (MET8). */

import type { Counter } from "#lib/metrics/counter.ts";
import type { Gauge } from "#lib/metrics/gauge.ts";
import { type Family, formatLabels, type Labels, type Registry } from "#lib/metrics/registry.ts";
import type { StreamMeter } from "#lib/net/tcp-stream.ts";

/** The families of one proxy. */
export class TcpMetrics {
  readonly opens: Family<Counter>;
  readonly open: Family<Gauge>;
  readonly closes: Family<Counter>;
  readonly read: Family<Counter>;
  readonly written: Family<Counter>;

  constructor(registry: Registry) {
    this.opens = registry.counter("tcp_open_total", "Total count of opened connections.");
    this.open = registry.gauge("tcp_open_connections", "Number of currently-open connections.");
    this.closes = registry.counter("tcp_close_total", "Total count of closed connections.");
    this.read = registry.counter("tcp_read_bytes_total", "Total count of bytes read from peers.");
    this.written = registry.counter(
      "tcp_write_bytes_total",
      "Total count of bytes written to peers.",
    );
  }

  /** The counters of one label set. */
  scope(...labels: readonly Labels[]): TcpScope {
    return new TcpScope(
      this,
      labels
        .map(formatLabels)
        .filter((text) => text !== "")
        .join(","),
    );
  }
}

/** Counts connections of one label set; it is also the meter of their bytes. */
export class TcpScope implements StreamMeter {
  readonly bytesRead: Counter;
  readonly bytesWritten: Counter;
  readonly #metrics: TcpMetrics;
  readonly #labels: string;
  readonly #opens: Counter;
  readonly #open: Gauge;
  #closes: Counter | undefined;

  constructor(metrics: TcpMetrics, labels: string) {
    this.#metrics = metrics;
    this.#labels = labels;
    this.bytesRead = metrics.read.withText(labels);
    this.bytesWritten = metrics.written.withText(labels);
    this.#opens = metrics.opens.withText(labels);
    this.#open = metrics.open.withText(labels);
  }

  read(bytes: number): void {
    this.bytesRead.value += bytes;
  }

  wrote(bytes: number): void {
    this.bytesWritten.value += bytes;
  }

  opened(): void {
    this.#opens.increment();
    this.#open.increment();
  }

  /** `errno` is empty for a clean close. */
  closed(errno: string): void {
    this.#open.decrement();
    if (errno === "") {
      this.#closes ??= this.#closesBy("");
      this.#closes.increment();
    } else this.#closesBy(errno).increment();
  }

  #closesBy(errno: string): Counter {
    return this.#metrics.closes.withText(`${this.#labels},errno="${errno}"`);
  }
}
