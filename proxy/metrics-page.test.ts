import { expect, test } from "bun:test";
import { Registry } from "#lib/metrics/registry.ts";
import { processUsage } from "#lib/sys/process-usage.ts";
import { FakeClock } from "../test/fake/clock.ts";
import { metricsPage } from "./metrics-page.ts";
import { ProcessMetrics } from "./telemetry/process-metrics.ts";

test("ADMIN1: the page has the process's figures of now, no idle series, and ends as OpenMetrics does", () => {
  const registry = new Registry();
  const clock = new FakeClock();
  const process = new ProcessMetrics(registry, { version: "1.2.3", workers: 1 });
  const page = metricsPage(registry, {
    process,
    around: { clock, usage: processUsage },
    retainIdleMs: 1000,
  });
  registry.counter("a_total", "A.").with().increment();
  expect(page()).toContain("\na_total 1\n");
  clock.advance(2000);
  const text = page();
  expect(text).toContain("process_uptime_seconds_total 2\n");
  expect(text).not.toContain("a_total");
  expect(text).toEndWith("\n# EOF\n");
});
