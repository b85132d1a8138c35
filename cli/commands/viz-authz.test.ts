import { expect, test } from "bun:test";
import { fakeCluster, metricsPath, runCommand } from "../../test/fake/cli.ts";
import { deployment, pod } from "../../test/fake/mesh-objects.ts";

const SERVER = 'direction="inbound",srv_kind="server",srv_name="web",srv_port="80"';
const DEFAULT = 'direction="inbound",srv_kind="default",srv_name="all-unauthenticated"';

/** A proxy that lets 30 requests a scrape in by an authorization, 10 by the default, and refuses 4. */
function counting(): () => string {
  let scrapes = 0;
  return () => {
    const n = scrapes++;
    const authz = 'route_name="api",authz_kind="authorizationpolicy",authz_name="web"';
    const open = 'route_name="probe",authz_kind="default",authz_name="probe"';
    return `response_total{${SERVER},${authz},classification="success"} ${n * 15}
response_total{${SERVER},${authz},classification="failure"} ${n * 15}
response_latency_ms_bucket{${SERVER},${authz},le="10"} ${n * 30}
response_latency_ms_bucket{${SERVER},${authz},le="+Inf"} ${n * 30}
response_total{${SERVER},route_name="api",classification="success"} ${n * 4}
inbound_http_authz_deny_total{${SERVER},route_name="api"} ${n * 4}
response_total{${DEFAULT},${open},classification="success"} ${n * 10}
response_total{${DEFAULT},route_name="quiet",authz_kind="default",authz_name="x",classification="success"} 7
response_total{direction="outbound",classification="success"} ${n * 99}
`;
  };
}

const world = (): Parameters<typeof runCommand>[1] => ({
  client: fakeCluster(
    [deployment("web"), pod("web-1", { app: "web" }), pod("web-2", { app: "web", meshed: false })],
    { [metricsPath("default", "web-1")]: counting() },
  ),
});

test("viz authz shows who was let in by what, and who was not", async () => {
  const { status, out } = await runCommand(["viz", "authz", "deploy"], world());
  expect(out).toBe(
    `ROUTE   SERVER                        AUTHORIZATION             UNAUTHORIZED   SUCCESS       RPS   LATENCY_P50   LATENCY_P95   LATENCY_P99
api     web                           -                               2.0rps         -    0.0rps             -             -             -
api     web                           authorizationpolicy/web         0.0rps    50.00%   15.0rps           5ms          10ms          10ms
probe   default:all-unauthenticated   default/probe                   0.0rps   100.00%    5.0rps             -             -             -
`,
  );
  expect(status).toBe(0);
});

test("viz authz as JSON has null where nothing tells", async () => {
  const { out } = await runCommand(["viz", "authz", "deploy/web", "-o", "json"], world());
  expect(JSON.parse(out)[0]).toEqual({
    ...{ route: "api", server: "web", authorization: null, unauthorized: 2, success: null, rps: 0 },
    ...{ latency_ms_p50: null, latency_ms_p95: null, latency_ms_p99: null },
  });
});

test("viz authz says where there was no traffic, and what is no duration", async () => {
  const quiet = { client: fakeCluster([deployment("web")], {}) };
  expect((await runCommand(["viz", "authz", "deploy"], quiet)).err).toBe("No traffic found.\n");
  const bad = await runCommand(["viz", "authz", "deploy", "-t", "soon"], quiet);
  expect([bad.status, bad.err]).toEqual([
    ...[1, "Cannot use --time-window soon: it is no duration, such as 2s\n"],
  ]);
});
