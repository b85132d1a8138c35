/** Spans that were sent (MET43). */

import type { Counter } from "#lib/metrics/counter.ts";
import type { Registry } from "#lib/metrics/registry.ts";

/** The counters of one proxy. */
export interface TraceMetrics {
  readonly spans: Counter;
  readonly streams: Counter;
  readonly requests: Counter;
}

/** Made where there is a collector. */
export function traceMetrics(registry: Registry): TraceMetrics {
  const counter = (name: string, help: string): Counter =>
    registry.counter(`opentelemetry_span_${name}`, help).with({});
  return {
    spans: counter("exports", "Total count of spans exported"),
    streams: counter("export_streams", "Total count of opened span export streams"),
    requests: counter("export_requests", "Total count of span export request messages"),
  };
}
