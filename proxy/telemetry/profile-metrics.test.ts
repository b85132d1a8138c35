import { expect, test } from "bun:test";
import { writeExposition } from "#lib/metrics/exposition.ts";
import { Registry } from "#lib/metrics/registry.ts";
import { outcomeOf } from "./http-metrics.ts";
import { ProfileMetrics } from "./profile-metrics.ts";

test("MET4, MET5: routes of ServiceProfiles have Linkerd's families and labels, and tries no latency", () => {
  const registry = new Registry();
  const metrics = new ProfileMetrics(registry);
  const rule = { labels: { dst: "web:80", rt_route: "GET /" }, failures: undefined };
  const [outbound, inbound] = [metrics.of("outbound", rule), metrics.of("inbound", rule)];
  const outcome = outcomeOf({ status: 200, grpcStatus: -1, failed: false });
  for (const scope of [outbound.effective, outbound.actual, inbound.effective]) {
    scope?.requests.increment();
    scope?.end(outcome, 3);
  }
  expect(inbound.actual).toBeUndefined();
  const text = writeExposition(registry, { nowMs: 0, retainIdleMs: 1 });
  const ended = 'status_code="200",classification="success",grpc_status="",error=""';
  const labels = (direction: string): string =>
    `direction="${direction}",dst="web:80",rt_route="GET /"`;
  const lines = text.split("\n").filter((line) => !/^#|_bucket|_sum|^$/.test(line));
  expect(lines).toEqual([
    `route_request_total{${labels("outbound")}} 1`,
    `route_request_total{${labels("inbound")}} 1`,
    `route_response_total{${labels("outbound")},${ended}} 1`,
    `route_response_total{${labels("inbound")},${ended}} 1`,
    `route_response_latency_ms_count{${labels("outbound")},status_code="200"} 1`,
    `route_response_latency_ms_count{${labels("inbound")},status_code="200"} 1`,
    `route_actual_request_total{${labels("outbound")}} 1`,
    `route_actual_response_total{${labels("outbound")},${ended}} 1`,
  ]);
});
