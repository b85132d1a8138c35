import { expect, test } from "bun:test";
import { parseExposition } from "#lib/metrics/parse.ts";
import { policyStat, policyStatByServer } from "./policy-stat.ts";

const WEB = 'direction="inbound",srv_kind="server",srv_name="web"';
const API = 'route_kind="HTTPRoute",route_name="api"';
const OURS = 'authz_kind="authorizationpolicy",authz_name="ours"';
const pairs = [
  {
    seconds: 10,
    first: [],
    second: parseExposition(`
response_total{${WEB},${API},${OURS},classification="success"} 30
response_total{${WEB},${API},${OURS},classification="failure"} 10
response_latency_ms_bucket{${WEB},${API},${OURS},le="10"} 40
response_latency_ms_bucket{${WEB},${API},${OURS},le="+Inf"} 40
response_total{direction="inbound",srv_kind="server",srv_name="other",${API},classification="success"} 10
response_total{direction="inbound",srv_kind="default",srv_name="web",classification="success"} 99
response_total{direction="outbound",srv_kind="server",srv_name="web",classification="success"} 99
inbound_http_authz_deny_total{srv_kind="server",srv_name="web",${API}} 20
tcp_open_connections{${WEB},peer="src"} 3
tcp_read_bytes_total{${WEB},peer="src"} 100
tcp_write_bytes_total{${WEB},peer="src"} 50
`),
  },
];
const web = {
  ...{ unauthorized: 2, success: 0.75, rps: 4, latencyMs: { p50: 5, p95: 9.5, p99: 9.9 } },
  ...{ tcpConnections: 3, readRate: 10, writeRate: 5 },
};

test("policyStat() has what went by a Server, and by an authorization", () => {
  expect(policyStat(pairs, { prefix: "srv", kind: "server", name: "web" })).toEqual(web);
  const ours = policyStat(pairs, { prefix: "authz", kind: "authorizationpolicy", name: "ours" });
  expect([ours.success, ours.rps, ours.unauthorized]).toEqual([0.75, 4, 0]);
  const quiet = policyStat(pairs, { prefix: "srv", kind: "server", name: "quiet" });
  expect([quiet.success, quiet.rps]).toEqual([undefined, 0]);
});

test("policyStatByServer() tells a route's Servers apart", () => {
  const rows = policyStatByServer(pairs, { prefix: "route", kind: "httproute", name: "api" });
  expect(rows.map(({ server, stat }) => [server, stat.rps, stat.unauthorized])).toEqual([
    ["other", 1, 0],
    ["web", 4, 2],
  ]);
});
