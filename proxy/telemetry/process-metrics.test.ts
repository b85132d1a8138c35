import { expect, test } from "bun:test";
import { writeExposition } from "#lib/metrics/exposition.ts";
import { Registry } from "#lib/metrics/registry.ts";
import { ProcessMetrics } from "./process-metrics.ts";

test("MET41, MET45, MET46, MET47: ProcessMetrics says what the process says", () => {
  const registry = new Registry();
  const metrics = new ProcessMetrics(registry, { version: "1.2.3", workers: 4 });
  metrics.update({
    ...{ startSeconds: 5, nowSeconds: 16, residentBytes: 7, virtualBytes: 70, cpuSeconds: 8 },
    ...{ threads: 3, openFiles: 12, maxFiles: Number.POSITIVE_INFINITY },
    ...{ receivedBytes: 100, transmittedBytes: 200 },
  });
  metrics.certificateObtained(6, 9);
  metrics.certificateFailed();
  const text = writeExposition(registry, { nowMs: 0, retainIdleMs: 1 });
  for (const line of [
    'proxy_build_info{vendor="bunkerd",version="1.2.3"} 1',
    "bunkerd_workers_configured 4",
    "process_start_time_seconds 5",
    "process_clock_time_seconds 16",
    "process_virtual_memory_bytes 70",
    "process_resident_memory_bytes 7",
    "process_open_fds 12",
    "process_max_fds +Inf",
    "process_threads 3",
    "process_uptime_seconds_total 11",
    "process_cpu_seconds_total 8",
    "process_network_receive_bytes_total 100",
    "process_network_transmit_bytes_total 200",
    "control_identity_cert_expiration_timestamp_seconds 9",
    "control_identity_cert_refresh_timestamp_seconds 6",
    'control_identity_cert_refreshes_total{result="error"} 1',
    'control_identity_cert_refreshes_total{result="ok"} 1',
  ])
    expect(text).toContain(`${line}\n`);
});
