import { expect, test } from "bun:test";
import { Registry } from "#lib/metrics/registry.ts";
import { ErrorMetrics } from "./error-metrics.ts";

test("MET12, MET13: ErrorMetrics has Linkerd's families", () => {
  const registry = new Registry();
  const metrics = new ErrorMetrics(registry);
  metrics.outboundHttp.with({ error: "failfast" }).increment();
  expect([...registry.families].map(({ name }) => name)).toContain("outbound_http_errors_total");
});
