/** A real Prometheus answers what `--prometheusURL` asks of it. */

import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { fakeCluster, runCommand } from "../fake/cli.ts";
import { deployment } from "../fake/mesh-objects.ts";

const HERE = Bun.which("prometheus") !== null;
const WITHIN_MS = 30_000;
const folder = mkdtempSync(`${tmpdir()}/prometheus-stat-`);

const INBOUND =
  'direction="inbound",srv_kind="server",srv_name="web",target_port="80",route_kind="HTTPRoute",route_name="api"';
const ROUTE = 'parent_name="db",parent_port="80",route_kind="HTTPRoute",route_name="all"';
const CALLS = `${ROUTE.replace("db", "rpc")},grpc_status="OK",error=""`;
let scrapes = 0;
/** A proxy that counts ten more of each a scrape, of what is received one in five failed. */
const proxy = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: () => {
    const total = 10 * scrapes++;
    const lines = [
      `response_total{${INBOUND},classification="success"} ${total * 0.8}`,
      `response_total{${INBOUND},classification="failure"} ${total * 0.2}`,
      `response_latency_ms_bucket{${INBOUND},le="10"} ${total}`,
      `response_latency_ms_bucket{${INBOUND},le="+Inf"} ${total}`,
      `outbound_http_route_request_statuses_total{${ROUTE},http_status="200",error=""} ${total}`,
      `outbound_http_route_request_duration_seconds_bucket{${ROUTE},le="0.05"} ${total}`,
      `outbound_http_route_request_duration_seconds_bucket{${ROUTE},le="+Inf"} ${total}`,
      `outbound_http_route_backend_response_statuses_total{${ROUTE},backend_name="db-a",backend_port="80",http_status="200",error=""} ${total}`,
      `outbound_grpc_route_request_statuses_total{${CALLS}} ${total}`,
    ];
    return new Response(`${lines.join("\n")}\n`, { headers: { "content-type": "text/plain" } });
  },
});

const config = {
  global: { scrape_interval: "1s", scrape_timeout: "1s" },
  scrape_configs: [
    {
      job_name: "linkerd-proxy",
      static_configs: [
        {
          targets: [`127.0.0.1:${proxy.port}`],
          labels: { namespace: "default", deployment: "web", pod: "web-1" },
        },
      ],
    },
  ],
};

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  const { port } = server;
  await server.stop(true);
  return port ?? 0;
}

const port = await freePort();
writeFileSync(`${folder}/prometheus.yml`, JSON.stringify(config));
const prometheus = HERE
  ? Bun.spawn(
      [
        ...["prometheus", `--config.file=${folder}/prometheus.yml`],
        ...[`--storage.tsdb.path=${folder}/data`, `--web.listen-address=127.0.0.1:${port}`],
      ],
      { stdout: "ignore", stderr: "ignore" },
    )
  : undefined;
afterAll(async () => {
  prometheus?.kill();
  await prometheus?.exited;
  await proxy.stop(true);
  rmSync(folder, { recursive: true, force: true });
});

/** Asks until there are so many rows. */
async function rowsOf(command: string, count: number): Promise<Record<string, unknown>[]> {
  const words = `viz ${command} deploy/web -o json -t 10s --prometheusURL http://127.0.0.1:${port}`;
  const client = fakeCluster([deployment("web")]);
  const end = performance.now() + WITHIN_MS;
  for (;;) {
    const { out, err } = await runCommand(words.split(" "), { client });
    const rows = out === "" ? [] : (JSON.parse(out) as Record<string, unknown>[]);
    if (rows.length >= count) return rows;
    if (performance.now() > end) throw new Error(`Cannot see ${command}: ${out}${err}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

test.skipIf(!HERE)(
  "viz stat-inbound and stat-outbound show what a Prometheus has (needs prometheus)",
  async () => {
    const [inbound] = await rowsOf("stat-inbound", 1);
    expect(inbound).toMatchObject({ server: "web", port: "80", route: "api" });
    expect(inbound?.["successesRate"]).toBeCloseTo(0.8, 5);
    expect(inbound?.["rps"]).toBeGreaterThan(0);
    expect(inbound?.["latencyMsP50"]).toBeCloseTo(5, 5);
    const outbound = await rowsOf("stat-outbound", 3);
    expect(outbound).toMatchObject([
      { service: "db", route: "all", successRate: 1, timeoutRate: 0, retryRate: 0 },
      { service: "db", backend: "db-a", successRate: 1 },
      { service: "rpc", successRate: 1 },
    ]);
    expect(outbound[0]?.["latencyMsP50"]).toBeCloseTo(25, 5);
  },
  WITHIN_MS * 2,
);
