/** How long it took to see what connections speak, and what came of it (MET20, MET39). */

import type { Counter } from "#lib/metrics/counter.ts";
import type { Histogram } from "#lib/metrics/histogram.ts";
import { type Family, formatLabels, type Labels, type Registry } from "#lib/metrics/registry.ts";

/** What a look at a connection's first bytes gives; `error`: it ended before there was one. */
export type DetectResult = "not_http" | "http/1" | "http/2" | "read_timeout" | "error";

/** Bounds of the duration, in seconds. */
const DETECT_BOUNDS = [0.001, 0.1];

/** The families of one direction. */
export class DetectMetrics {
  readonly #durations: Family<Histogram>;
  readonly #results: Family<Counter>;

  constructor(registry: Registry, direction: "inbound" | "outbound") {
    const name = `${direction}_tcp_detect_http`;
    this.#durations = registry.histogram(`${name}_duration_seconds`, {
      help: "Time taken for protocol detection.",
      ...{ bounds: DETECT_BOUNDS, unit: "seconds" },
    });
    this.#results = registry.counter(`${name}_results_total`, "Protocol detection results.");
  }

  /** The series of one server or parent. */
  of(labels: Labels): Detections {
    const text = formatLabels(labels);
    const result = (name: DetectResult): Counter =>
      this.#results.withText(`result="${name}",${text}`);
    return new Detections(this.#durations.withText(text), {
      ...{ not_http: result("not_http"), "http/1": result("http/1"), "http/2": result("http/2") },
      ...{ read_timeout: result("read_timeout"), error: result("error") },
    });
  }
}

/** Counts looks at connections. */
export class Detections {
  readonly #duration: Histogram;
  readonly #results: Readonly<Record<DetectResult, Counter>>;

  constructor(duration: Histogram, results: Readonly<Record<DetectResult, Counter>>) {
    this.#duration = duration;
    this.#results = results;
  }

  count(result: DetectResult, elapsedMs: number): void {
    this.#duration.observe(elapsedMs / 1000);
    this.#results[result].increment();
  }
}
