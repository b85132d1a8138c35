import { expect, test } from "bun:test";
import { writeExposition } from "#lib/metrics/exposition.ts";
import { Registry } from "#lib/metrics/registry.ts";
import { ProcessMetrics } from "./process-metrics.ts";

test("ProcessMetrics says what the process says", () => {
  const registry = new Registry();
  const metrics = new ProcessMetrics(registry, { version: "1.2.3", workers: 4 });
  metrics.update({ startSeconds: 5, nowSeconds: 6, residentBytes: 7, cpuSeconds: 8 });
  metrics.certificateRefreshed("ok");
  metrics.certificateExpires.set(9);
  const text = writeExposition(registry, { nowMs: 0, retainIdleMs: 1 });
  for (const line of [
    'proxy_build_info{vendor="bunkerd",version="1.2.3"} 1',
    "bunkerd_workers_configured 4",
    "process_start_time_seconds 5",
    "process_clock_time_seconds 6",
    "process_resident_memory_bytes 7",
    "process_cpu_seconds_total 8",
    "control_identity_cert_expiration_timestamp_seconds 9",
    'control_identity_cert_refreshes_total{result="ok"} 1',
  ])
    expect(text).toContain(`${line}\n`);
});
