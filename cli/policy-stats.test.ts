import { expect, test } from "bun:test";
import type { KubeObject } from "../lib/k8s/types/meta.ts";
import { fakeCluster, metricsPath, runCommand } from "../test/fake/cli.ts";
import { deployment, pod } from "../test/fake/mesh-objects.ts";
import { isPolicy } from "./policy-stats.ts";

const object = (kind: string, name: string): KubeObject =>
  ({ kind, metadata: { name, namespace: "default" }, spec: {} }) as KubeObject;
const WEB = 'direction="inbound",srv_kind="server",srv_name="web"';
const API = 'route_kind="HTTPRoute",route_name="api"';

function counting(): () => string {
  let scrapes = 0;
  return () => {
    const n = scrapes++;
    const of = `${WEB},${API},authz_kind="authorizationpolicy",authz_name="ours"`;
    return `response_total{${of},classification="success"} ${n * 15}
response_total{${of},classification="failure"} ${n * 5}
response_latency_ms_bucket{${of},le="10"} ${n * 20}
response_latency_ms_bucket{${of},le="+Inf"} ${n * 20}
inbound_http_authz_deny_total{srv_kind="server",srv_name="web",${API}} ${n * 4}
tcp_open_connections{${WEB},peer="src"} 3
`;
  };
}

const world = (): Parameters<typeof runCommand>[1] => ({
  client: fakeCluster(
    [
      ...[deployment("web"), pod("web-1", { app: "web" })],
      ...[object("Server", "web"), object("Server", "quiet"), object("HTTPRoute", "api")],
      ...[object("AuthorizationPolicy", "ours"), object("ServerAuthorization", "old")],
    ],
    { [metricsPath("default", "web-1")]: counting() },
  ),
});
const stat = (...words: string[]) => runCommand(["viz", "stat", ...words], world());

test("viz stat of Servers, routes and authorizations has Linkerd's columns", async () => {
  expect((await stat("srv")).out).toBe(
    `NAME    UNAUTHORIZED   SUCCESS       RPS   LATENCY_P50   LATENCY_P95   LATENCY_P99   TCP_CONN
quiet         0.0rps         -         -             -             -             -          0
web           2.0rps    75.00%   10.0rps           5ms          10ms          10ms          3
`,
  );
  expect((await stat("ap/ours")).out).toBe(
    `NAME   SUCCESS       RPS   LATENCY_P50   LATENCY_P95   LATENCY_P99
ours    75.00%   10.0rps           5ms          10ms          10ms
`,
  );
  expect((await stat("httproute")).out).toContain(
    `NAME   SERVER   UNAUTHORIZED   SUCCESS       RPS   LATENCY_P50   LATENCY_P95   LATENCY_P99
api       web         2.0rps    75.00%   10.0rps           5ms          10ms          10ms
`,
  );
  expect((await stat("saz", "-A")).out).toContain("NAMESPACE   NAME");
});

test("viz stat of several kinds has a table for each, and one list as JSON", async () => {
  const { out } = await stat("deploy", "server", "saz");
  const titles = out.split("\n").filter((line) => line.startsWith("NAME"));
  expect(titles.map((line) => line.split(/\s+/).slice(1, 3).join(" "))).toEqual([
    ...["MESHED SUCCESS", "UNAUTHORIZED SUCCESS", "SUCCESS RPS"],
  ]);
  const json = JSON.parse((await stat("deploy", "server", "-o", "json")).out);
  expect(json.map(({ kind, name }: { kind: string; name: string }) => `${kind}/${name}`)).toEqual([
    ...["deployment/web", "server/quiet", "server/web"],
  ]);
  expect(json[2]).toEqual({
    ...{ namespace: "default", kind: "server", name: "web", success: 0.75, rps: 10 },
    ...{ latency_ms_p50: 5, latency_ms_p95: 9.5, latency_ms_p99: 9.9 },
    ...{
      tcp_open_connections: 3,
      tcp_read_bytes_rate: 0,
      tcp_write_bytes_rate: 0,
      unauthorized: 2,
    },
  });
});

test("viz stat says which policy is not there", async () => {
  const { status, err } = await stat("server/gone");
  expect([status, err]).toEqual([1, "Cannot find server/gone\n"]);
  expect(["server/web", "saz", "deploy", "ap/x"].map(isPolicy)).toEqual([true, true, false, true]);
});
