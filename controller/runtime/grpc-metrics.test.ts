import { expect, test } from "bun:test";
import { writeExposition } from "#lib/metrics/exposition.ts";
import { Registry } from "#lib/metrics/registry.ts";
import { GrpcMetrics } from "./grpc-metrics.ts";

test("CPM2, CPM5: calls are counted by service, method, type and code", () => {
  const registry = new Registry();
  const metrics = new GrpcMetrics(registry);
  const get = metrics.method("/io.linkerd.proxy.destination.Destination/Get");
  get.received();
  get.sent();
  get.sent();
  get.handled(5, 0.5);
  metrics.method("/io.linkerd.proxy.identity.Identity/Certify").handled(99, 0.01);
  const text = writeExposition(registry, { nowMs: 0, retainIdleMs: 1 });
  const labels =
    'grpc_service="io.linkerd.proxy.destination.Destination",grpc_method="Get",grpc_type="server_stream"';
  expect(text).toContain(`grpc_server_started_total{${labels}} 1`);
  expect(text).toContain(`grpc_server_msg_received_total{${labels}} 1`);
  expect(text).toContain(`grpc_server_msg_sent_total{${labels}} 2`);
  expect(text).toContain(`grpc_server_handled_total{${labels},grpc_code="NotFound"} 1`);
  expect(text).toContain(`grpc_server_handling_seconds_bucket{${labels},le="1"} 1`);
  expect(text).toContain('grpc_type="unary",grpc_code="Code(99)"} 1');
});
