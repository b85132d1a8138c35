import { expect, test } from "bun:test";
import { writeExposition } from "#lib/metrics/exposition.ts";
import { Registry } from "#lib/metrics/registry.ts";
import { DetectMetrics } from "./detect-metrics.ts";

test.each(["inbound", "outbound"] as const)(
  "MET20, MET39: %s has Linkerd's families of detection, with all results from the start",
  (direction) => {
    const registry = new Registry();
    const detections = new DetectMetrics(registry, direction).of({ srv_name: "web" });
    detections.count("http/1", 50);
    detections.count("not_http", 0.5);
    const name = `${direction}_tcp_detect_http`;
    const labels = 'srv_name="web"';
    expect(writeExposition(registry, { nowMs: 0, retainIdleMs: 1 })).toBe(
      [
        `# HELP ${name}_duration_seconds Time taken for protocol detection.`,
        `# TYPE ${name}_duration_seconds histogram`,
        `# UNIT ${name}_duration_seconds seconds`,
        `${name}_duration_seconds_bucket{${labels},le="0.001"} 1`,
        `${name}_duration_seconds_bucket{${labels},le="0.1"} 2`,
        `${name}_duration_seconds_bucket{${labels},le="+Inf"} 2`,
        `${name}_duration_seconds_sum{${labels}} 0.0505`,
        `${name}_duration_seconds_count{${labels}} 2`,
        `# HELP ${name}_results_total Protocol detection results.`,
        `# TYPE ${name}_results_total counter`,
        `${name}_results_total{result="not_http",${labels}} 1`,
        `${name}_results_total{result="http/1",${labels}} 1`,
        `${name}_results_total{result="http/2",${labels}} 0`,
        `${name}_results_total{result="read_timeout",${labels}} 0`,
        `${name}_results_total{result="error",${labels}} 0`,
        "",
      ].join("\n"),
    );
  },
);
