import { expect, test } from "bun:test";
import type { KubeObject } from "../../lib/k8s/types/meta.ts";
import { fakeCluster, metricsPath, runCommand } from "../../test/fake/cli.ts";
import { deployment, pod } from "../../test/fake/mesh-objects.ts";

const object = (kind: string, name: string, spec: unknown): KubeObject =>
  ({ kind, metadata: { name, namespace: "default" }, spec }) as KubeObject;
const DST = 'dst="web.default.svc.cluster.local:80"';

/** A proxy that counts 20 responses a scrape of a route, and four tries more on the way out. */
function counting(direction: "inbound" | "outbound"): () => string {
  let scrapes = 0;
  return () => {
    const n = scrapes++;
    const of = `direction="${direction}",${DST},rt_route="read"`;
    return `route_response_total{${of},classification="success"} ${n * 20}
route_actual_response_total{${of},classification="success"} ${n * 20}
route_actual_response_total{${of},classification="failure"} ${n * 4}
route_response_latency_ms_bucket{${of},le="10"} ${n * 20}
route_response_latency_ms_bucket{${of},le="+Inf"} ${n * 20}
route_response_total{direction="${direction}",dst="other.default.svc.cluster.local:80",classification="success"} ${n * 2}
`;
  };
}

const world = (): Parameters<typeof runCommand>[1] => ({
  client: fakeCluster(
    [
      ...[deployment("web"), pod("web-1", { app: "web" })],
      ...[deployment("generator"), pod("gen-1", { app: "generator" })],
      object("Service", "web", { selector: { app: "web" } }),
      object("ServiceProfile", "web.default.svc.cluster.local", {
        routes: [{ name: "read" }, { name: "write" }],
      }),
    ],
    {
      [metricsPath("default", "web-1")]: counting("inbound"),
      [metricsPath("default", "gen-1")]: counting("outbound"),
    },
  ),
});

test.each([["svc/web"], ["deploy/web"]])(
  "viz routes shows what %s receives by route",
  async (word) => {
    const { status, out, err } = await runCommand(["viz", "routes", word], world());
    expect([status, err]).toEqual([0, ""]);
    expect(out).toBe(
      `ROUTE       SERVICE   SUCCESS       RPS   LATENCY_P50   LATENCY_P95   LATENCY_P99
read            web   100.00%   10.0rps           5ms          10ms          10ms
write           web         -         -             -             -             -
[DEFAULT]       web         -         -             -             -             -

`,
    );
  },
);

test("viz routes --to shows what is sent, wide with tries; of several resources each by its name", async () => {
  const words = ["viz", "routes", "deploy/generator", "--to", "svc/web", "-o"];
  expect((await runCommand([...words, "wide"], world())).out).toContain(
    `ROUTE       SERVICE   EFFECTIVE_SUCCESS   EFFECTIVE_RPS   ACTUAL_SUCCESS   ACTUAL_RPS   LATENCY_P50   LATENCY_P95   LATENCY_P99
read            web             100.00%         10.0rps           83.33%      12.0rps           5ms          10ms          10ms
`,
  );
  const json = JSON.parse((await runCommand([...words, "json"], world())).out);
  expect(json["deployment/generator"][0]).toEqual({
    ...{ route: "read", authority: "web", effective_success: 1, effective_rps: 10 },
    ...{ actual_success: 20 / 24, actual_rps: 12 },
    ...{ latency_ms_p50: 5, latency_ms_p95: 10, latency_ms_p99: 10 },
  });
  const all = await runCommand(["viz", "routes", "deploy"], world());
  expect(all.out).toContain("==> deployment/web <==\nROUTE");
  expect(all.out).toContain("==> deployment/generator <==\nROUTE");
});

test("viz routes as JSON has Linkerd's keys, 0 where nothing went", async () => {
  const { out } = await runCommand(["viz", "routes", "svc/web", "-o", "json"], world());
  expect(JSON.parse(out)["service/web"][1]).toEqual({
    ...{ route: "write", authority: "web", success: 0, rps: 0 },
    ...{ latency_ms_p50: 0, latency_ms_p95: 0, latency_ms_p99: 0 },
  });
});

test.each([
  [["svc/web", "-o", "wide"], "Cannot show wide output: it is there with --to only"],
  [["svc/gone"], "Cannot find service/gone in namespace default"],
  [
    ["deploy/web", "--to", "deploy/web"],
    "Cannot use --to deploy/web: it is no Service, as in svc/web",
  ],
])("viz routes %j is one clear line", async (words, line) => {
  const { status, err } = await runCommand(["viz", "routes", ...words], world());
  expect([status, err]).toEqual([1, `${line}\n`]);
});
