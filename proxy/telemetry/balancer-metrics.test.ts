import { expect, test } from "bun:test";
import { writeExposition } from "#lib/metrics/exposition.ts";
import { Registry } from "#lib/metrics/registry.ts";
import { BalancerMetrics } from "./balancer-metrics.ts";

function setup(labels: string) {
  const registry = new Registry();
  const series = new BalancerMetrics(registry, "outbound_http_balancer").of(labels);
  const told = (): readonly string[] =>
    writeExposition(registry, { nowMs: 0, retainIdleMs: 1 })
      .split("\n")
      .filter((line) => line.startsWith("outbound"))
      .map((line) => line.replace("outbound_http_balancer_", ""));
  return { registry, series, told };
}

test("MET31, MET32, MET33, MET34, MET35: balancers have Linkerd's families, labels and bounds", () => {
  const { registry, series, told } = setup('parent_name="p"');
  series.opens(5000, 3000);
  series.entered();
  series.waits();
  series.left(20);
  series.holds(3, 2);
  series.updated("Add", 3);
  expect(told()).toEqual([
    'endpoints{endpoint_state="ready",parent_name="p"} 2',
    'endpoints{endpoint_state="pending",parent_name="p"} 1',
    'p2c_endpoints{parent_name="p"} 3',
    'p2c_updates_total{op="Reset",parent_name="p"} 0',
    'p2c_updates_total{op="Add",parent_name="p"} 3',
    'p2c_updates_total{op="Remove",parent_name="p"} 0',
    'queue_length{parent_name="p"} 1',
    'queue_requests_total{parent_name="p"} 1',
    ...["0.0005", "0.005"].map(
      (le) => `queue_latency_seconds_bucket{parent_name="p",le="${le}"} 0`,
    ),
    ...["0.05", "0.5", "1", "3", "+Inf"].map(
      (le) => `queue_latency_seconds_bucket{parent_name="p",le="${le}"} 1`,
    ),
    'queue_latency_seconds_sum{parent_name="p"} 0.02',
    'queue_latency_seconds_count{parent_name="p"} 1',
    'queue_gate_open_total{parent_name="p"} 1',
    'queue_gate_shut_total{parent_name="p"} 0',
    'queue_gate_open_time_seconds{parent_name="p"} 5',
    'queue_gate_shut_time_seconds{parent_name="p"} 0',
    'queue_gate_timeout_seconds{parent_name="p"} 3',
  ]);
  const units = [...registry.families].flatMap(({ name, unit }) =>
    unit === undefined ? [] : [name],
  );
  expect(units).toEqual(
    ["queue_latency", "queue_gate_open_time", "queue_gate_shut_time", "queue_gate_timeout"].map(
      (name) => `outbound_http_balancer_${name}_seconds`,
    ),
  );
});

test("MET35: a gate is open or shut since a time, and nothing is told of one that is gone", () => {
  const { series, told } = setup("");
  const gate = (): readonly string[] => told().filter((line) => line.includes("gate"));
  series.opens(1000, 3000);
  series.shuts(2000);
  expect(gate()).toEqual([
    ...["queue_gate_open_total 1", "queue_gate_shut_total 1", "queue_gate_open_time_seconds 0"],
    ...["queue_gate_shut_time_seconds 2", "queue_gate_timeout_seconds 3"],
  ]);
  series.ends();
  expect(gate().slice(2)).toEqual([
    ...["queue_gate_open_time_seconds 0", "queue_gate_shut_time_seconds 0"],
    "queue_gate_timeout_seconds 0",
  ]);
});
