import { expect, test } from "bun:test";
import { fakeCluster, metricsPath, runCommand } from "../../test/fake/cli.ts";
import { deployment, pod } from "../../test/fake/mesh-objects.ts";

const ROUTE = 'parent_name="api",parent_port="80",route_kind="HTTPRoute",route_name="split"';
const OK = 'http_status="200",error=""';

function counting(): () => string {
  let scrapes = 0;
  return () => {
    const n = scrapes++;
    const backend = (name: string): string => `${ROUTE},backend_name="${name}",backend_port="81"`;
    return `outbound_http_route_request_statuses_total{${ROUTE},${OK}} ${n * 16}
outbound_http_route_request_statuses_total{${ROUTE},http_status="",error="REQUEST_TIMEOUT"} ${n * 4}
outbound_http_route_request_duration_seconds_bucket{${ROUTE},le="0.05"} ${n * 20}
outbound_http_route_request_duration_seconds_bucket{${ROUTE},le="+Inf"} ${n * 20}
outbound_http_route_retry_requests_total{${ROUTE}} ${n * 5}
outbound_http_route_backend_response_statuses_total{${backend("a")},${OK}} ${n * 16}
outbound_http_route_backend_response_statuses_total{${backend("b")},http_status="500",error=""} ${n * 4}
`;
  };
}

const world = (): Parameters<typeof runCommand>[1] => ({
  client: fakeCluster([deployment("web"), pod("web-1", { app: "web" })], {
    [metricsPath("default", "web-1")]: counting(),
  }),
});

test("viz stat-outbound shows routes of a workload with their backends", async () => {
  const { status, out, err } = await runCommand(["viz", "stat-outbound", "deploy/web"], world());
  expect([status, err]).toEqual([0, ""]);
  expect(out).toBe(
    `NAME   SERVICE   ROUTE   TYPE        BACKEND   SUCCESS     RPS   LATENCY_P50   LATENCY_P95   LATENCY_P99   TIMEOUTS   RETRIES
web    api:80    split   HTTPRoute              80.00%   10.00          25ms          48ms          50ms     20.00%    20.00%
                 ├─      ─►          a:81      100.00%    8.00             -             -             -      0.00%
                 └─      ─►          b:81        0.00%    2.00             -             -             -      0.00%
`,
  );
});

test("viz stat-outbound as JSON has Linkerd's keys, a row for each backend too", async () => {
  const { out } = await runCommand(["viz", "stat-outbound", "deploy", "-o", "json"], world());
  const of = { name: "web", service: "api", port: "80", route: "split", routeType: "HTTPRoute" };
  const none = { latencyMsP50: null, latencyMsP95: null, latencyMsP99: null };
  expect(JSON.parse(out)).toEqual([
    {
      ...{ ...of, successRate: 0.8, rps: 10, timeoutRate: 0.2, retryRate: 0.2 },
      ...{ latencyMsP50: 25, latencyMsP95: 47.5, latencyMsP99: 49.5 },
    },
    { ...of, backend: "a", backendPort: "81", successRate: 1, rps: 8, ...none, timeoutRate: 0 },
    { ...of, backend: "b", backendPort: "81", successRate: 0, rps: 2, ...none, timeoutRate: 0 },
  ]);
});
