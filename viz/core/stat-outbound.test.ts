import { expect, test } from "bun:test";
import { parseExposition } from "#lib/metrics/parse.ts";
import { outboundRoutes } from "./stat-outbound.ts";

const ROUTE = 'parent_name="web",parent_port="80",route_kind="HTTPRoute",route_name="split"';
const A = `${ROUTE},backend_name="a",backend_port="8080"`;
const B = `${ROUTE},backend_name="b",backend_port="8080"`;
const CALLS = 'parent_name="calls",parent_port="90",route_kind="default",route_name="grpc"';

const rowsOf = (text: string) =>
  outboundRoutes([{ seconds: 10, first: [], second: parseExposition(text) }]);

test("outboundRoutes() has a row for each route, with its backends and what was tried again", () => {
  const [calls, split] = rowsOf(`
outbound_http_route_request_statuses_total{${ROUTE},http_status="200",error=""} 30
outbound_http_route_request_statuses_total{${ROUTE},http_status="503",error=""} 5
outbound_http_route_request_statuses_total{${ROUTE},http_status="",error="REQUEST_TIMEOUT"} 5
outbound_http_route_request_duration_seconds_bucket{${ROUTE},le="0.05"} 40
outbound_http_route_request_duration_seconds_bucket{${ROUTE},le="+Inf"} 40
outbound_http_route_retry_requests_total{${ROUTE}} 10
outbound_http_route_backend_response_statuses_total{${A},http_status="200",error=""} 30
outbound_http_route_backend_response_statuses_total{${B},http_status="500",error=""} 20
outbound_http_route_backend_response_duration_seconds_bucket{${B},le="0.025"} 20
outbound_http_route_backend_response_duration_seconds_bucket{${B},le="+Inf"} 20
outbound_grpc_route_request_statuses_total{${CALLS},grpc_status="OK",error=""} 3
outbound_grpc_route_request_statuses_total{${CALLS},grpc_status="NOT_FOUND",error=""} 1
outbound_http_balancer_queue_requests_total{${ROUTE}} 99
`);
  expect(split).toEqual({
    ...{ service: "web", port: "80", route: "split", routeType: "HTTPRoute" },
    ...{ success: 0.75, rps: 4, timeouts: 0.125, retries: 0.2 },
    latencyMs: { p50: 25, p95: 47.5, p99: 49.5 },
    backends: [
      {
        ...{ backend: "a", backendPort: "8080", success: 1, rps: 3, timeouts: 0 },
        latencyMs: { p50: undefined, p95: undefined, p99: undefined },
      },
      {
        ...{ backend: "b", backendPort: "8080", success: 0, rps: 2, timeouts: 0 },
        latencyMs: { p50: 12.5, p95: 23.75, p99: 24.75 },
      },
    ],
  });
  expect(calls).toMatchObject({
    ...{ service: "calls", port: "90", route: "[default]", routeType: "", success: 0.75 },
    ...{ retries: 0, backends: [] },
  });
});

test("outboundRoutes() has nothing where nothing was asked for", () => {
  expect(
    rowsOf(`outbound_http_route_request_statuses_total{${ROUTE},http_status="200",error=""} 0`),
  ).toEqual([]);
});
