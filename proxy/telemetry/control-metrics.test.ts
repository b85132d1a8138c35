import { expect, test } from "bun:test";
import { writeExposition } from "#lib/metrics/exposition.ts";
import { Registry } from "#lib/metrics/registry.ts";
import { ControlMetrics } from "./control-metrics.ts";
import { outcomeOf } from "./http-metrics.ts";

test("MET7, MET31, MET42: services of the control plane have Linkerd's families and labels", () => {
  const registry = new Registry();
  const metrics = new ControlMetrics(registry);
  const series = metrics.of("policy", {
    addr: "linkerd-policy.:8090",
    tls: "true",
    server_id: "p",
  });
  series.calls.requests.increment();
  series.calls.end(outcomeOf({ status: 200, grpcStatus: 0, failed: false }), 3);
  series.resolved.increment();
  series.balancer.holds(2, 2);
  const text = writeExposition(registry, { nowMs: 0, retainIdleMs: 1 });
  const labels = 'addr="linkerd-policy.:8090",tls="true",server_id="p"';
  for (const line of [
    `control_request_total{${labels}} 1`,
    `control_response_total{${labels},status_code="200",classification="success",grpc_status="0",error=""} 1`,
    `control_response_latency_ms_count{${labels},status_code="200"} 1`,
    'control_dns_resolutions_total{client="policy",record_type="A/AAAA",result="ok"} 1',
    'control_dns_resolutions_total{client="policy",record_type="A/AAAA",result="not_found"} 0',
    'control_dns_resolutions_total{client="policy",record_type="SRV",result="ok"} 0',
    'control_policy_balancer_endpoints{endpoint_state="ready"} 2',
    "control_policy_balancer_p2c_endpoints 2",
    'control_policy_balancer_p2c_updates_total{op="Reset"} 0',
    "control_policy_balancer_queue_requests_total 0",
  ])
    expect(text).toContain(`${line}\n`);
});

test("MET31, MET32: the balancer of the collector has families of its own, where there is a collector", () => {
  const registry = new Registry();
  const metrics = new ControlMetrics(registry);
  const told = (): string => writeExposition(registry, { nowMs: 0, retainIdleMs: 1 });
  expect(told()).not.toContain("opentelemetry_balancer");
  metrics.of("trace_collector", { addr: "collector.:4317" }).balancer.holds(2, 1);
  expect(told()).toContain('opentelemetry_balancer_endpoints{endpoint_state="ready"} 1\n');
  expect(told()).toContain('opentelemetry_balancer_endpoints{endpoint_state="pending"} 1\n');
  expect(told()).toContain("opentelemetry_balancer_queue_length 0\n");
});
