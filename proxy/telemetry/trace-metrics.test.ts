import { expect, test } from "bun:test";
import { writeExposition } from "#lib/metrics/exposition.ts";
import { Registry } from "#lib/metrics/registry.ts";
import { traceMetrics } from "./trace-metrics.ts";

test("MET43: spans, requests and streams of their export are counted by Linkerd's names", () => {
  const registry = new Registry();
  const { spans, requests, streams } = traceMetrics(registry);
  spans.add(3);
  requests.increment();
  streams.increment();
  const page = writeExposition(registry, { nowMs: 0, retainIdleMs: 1000 });
  for (const line of ["exports 3", "export_requests 1", "export_streams 1"])
    expect(page).toContain(`opentelemetry_span_${line}`);
});
