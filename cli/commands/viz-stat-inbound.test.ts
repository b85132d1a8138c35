import { expect, test } from "bun:test";
import { fakeCluster, metricsPath, runCommand } from "../../test/fake/cli.ts";
import { deployment, pod } from "../../test/fake/mesh-objects.ts";

const API =
  'direction="inbound",srv_kind="server",srv_name="web",target_port="80",route_kind="HTTPRoute",route_name="api"';

function counting(): () => string {
  let scrapes = 0;
  return () => {
    const n = scrapes++;
    return `response_total{${API},classification="success"} ${n * 15}
response_total{${API},classification="failure"} ${n * 5}
response_latency_ms_bucket{${API},le="10"} ${n * 20}
response_latency_ms_bucket{${API},le="+Inf"} ${n * 20}
response_total{direction="inbound",srv_kind="default",srv_name="x",target_port="81",route_kind="default",route_name="default",classification="success"} ${n * 3}
`;
  };
}

const world = (): Parameters<typeof runCommand>[1] => ({
  client: fakeCluster(
    [deployment("web"), pod("web-1", { app: "web" }), pod("web-2", { app: "web", meshed: false })],
    { [metricsPath("default", "web-1")]: counting() },
  ),
});

test("viz stat-inbound shows servers and routes of a workload", async () => {
  const { status, out, err } = await runCommand(["viz", "stat-inbound", "deploy/web"], world());
  expect([status, err]).toEqual([0, ""]);
  expect(out).toBe(
    `NAME   SERVER         ROUTE       TYPE        SUCCESS     RPS   LATENCY_P50   LATENCY_P95   LATENCY_P99
web    [default]:81   [default]               100.00%    1.50             -             -             -
web    web:80         api         HTTPRoute    75.00%   10.00           5ms          10ms          10ms
`,
  );
});

test("viz stat-inbound as JSON has Linkerd's keys", async () => {
  const { out } = await runCommand(["viz", "stat-inbound", "deploy", "-o", "json"], world());
  expect(JSON.parse(out)).toEqual([
    {
      ...{ name: "web", server: "[default]", port: "81", route: "[default]", routeType: "" },
      ...{ successesRate: 1, rps: 1.5, latencyMsP50: null, latencyMsP95: null, latencyMsP99: null },
    },
    {
      ...{ name: "web", server: "web", port: "80", route: "api", routeType: "HTTPRoute" },
      ...{ successesRate: 0.75, rps: 10, latencyMsP50: 5, latencyMsP95: 9.5, latencyMsP99: 9.9 },
    },
  ]);
});

test("viz stat-inbound says where there was no traffic", async () => {
  const quiet = { client: fakeCluster([deployment("web")], {}) };
  const { status, err } = await runCommand(["viz", "stat-inbound", "deploy"], quiet);
  expect([status, err]).toEqual([0, "No traffic found.\n"]);
});
