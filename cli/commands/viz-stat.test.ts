import { expect, test } from "bun:test";
import { fakeCluster, metricsPath, runCommand } from "../../test/fake/cli.ts";
import { deployment, pod } from "../../test/fake/mesh-objects.ts";

/** A proxy that counts `rate` requests a second, one in four failed, three in four over mTLS. */
function counting(perScrape: number): () => string {
  let scrapes = 0;
  return () => {
    const total = perScrape * scrapes++;
    const line = (tls: string, classification: string, count: number): string =>
      `response_total{direction="inbound",tls="${tls}",classification="${classification}"} ${count}\n`;
    return (
      line("true", "success", total * 0.75) +
      line("no_identity", "failure", total * 0.25) +
      `response_latency_ms_bucket{direction="inbound",le="10"} ${total}\n` +
      `response_latency_ms_bucket{direction="inbound",le="+Inf"} ${total}\n` +
      'tcp_open_connections{direction="inbound",peer="src"} 3\n' +
      `tcp_read_bytes_total{direction="inbound",peer="src"} ${total}\n`
    );
  };
}

const world = (): Parameters<typeof runCommand>[1] => ({
  client: fakeCluster(
    [
      deployment("web"),
      deployment("bare"),
      deployment("gone"),
      deployment("web", "shop"),
      pod("web-1", { app: "web" }),
      pod("web-2", { app: "web", meshed: false }),
      pod("web-3", { app: "web", phase: "Succeeded" }),
      pod("bare-1", { app: "bare", meshed: false }),
      pod("gone-1", { app: "gone" }),
      pod("web-9", { app: "web", namespace: "shop" }),
    ],
    {
      [metricsPath("default", "web-1")]: counting(40),
      [metricsPath("shop", "web-9")]: counting(0),
    },
  ),
});

test("viz stat shows what each deployment received between the scrapes", async () => {
  const { status, out, err } = await runCommand(["viz", "stat", "deploy"], world());
  expect(out).toBe(
    `NAME   MESHED   SUCCESS       RPS   LATENCY_P50   LATENCY_P95   LATENCY_P99   TCP_CONN   SECURED
gone      1/1         -         -             -             -             -          -         -
web       1/2    75.00%   20.0rps           5ms          10ms          10ms          3    75.00%
`,
  );
  expect(err).toContain("Cannot scrape pod default/gone-1: KubeError: Cannot get ");
  expect(status).toBe(0);
});

test("-A shows namespaces, --unmeshed what has no proxies, wide the bytes", async () => {
  const { out } = await runCommand(
    ["viz", "stat", "deploy", "-A", "--unmeshed", "-o", "wide"],
    world(),
  );
  const [head, ...rows] = out
    .split("\n")
    .map((line) => line.split(/ {3,}/).map((cell) => cell.trim()));
  expect(head).toEqual([
    "NAMESPACE",
    "NAME",
    "MESHED",
    "SUCCESS",
    "RPS",
    "LATENCY_P50",
    "LATENCY_P95",
    "LATENCY_P99",
    "TCP_CONN",
    "READ_BYTES/SEC",
    "WRITE_BYTES/SEC",
    "SECURED",
  ]);
  expect(rows.map(([namespace, name, meshed]) => [namespace, name, meshed])).toEqual([
    ["default", "bare", "0/1"],
    ["default", "gone", "1/1"],
    ["default", "web", "1/2"],
    ["shop", "web", "1/1"],
    ["", undefined, undefined],
  ]);
  expect(rows[2]?.at(-3)).toBe("20.0B/s");
});

test("JSON has Linkerd's keys; -t sets the window", async () => {
  const slept: number[] = [];
  const words = ["viz", "stat", "deploy/web", "-o", "json", "-t", "4s"];
  const { out } = await runCommand(words, { ...world(), onSleep: (ms) => void slept.push(ms) });
  expect(JSON.parse(out)).toEqual([
    {
      namespace: "default",
      kind: "deployment",
      name: "web",
      meshed: "1/2",
      success: 0.75,
      rps: 10,
      latency_ms_p50: 5,
      latency_ms_p95: 9.5,
      latency_ms_p99: 9.9,
      tcp_open_connections: 3,
      tcp_read_bytes_rate: 10,
      tcp_write_bytes_rate: 0,
      secured: 0.75,
    },
  ]);
  expect(slept).toEqual([4000]);
});

test("no meshed workload is no error; a wrong name, kind, or window is", async () => {
  expect(await runCommand(["viz", "stat", "deploy", "bare"], world())).toEqual({
    status: 0,
    out: "",
    err: "No traffic found.\n",
  });
  expect((await runCommand(["viz", "stat", "deploy/none"], world())).err).toBe(
    "Cannot find deployment/none in namespace default\n",
  );
  expect((await runCommand(["viz", "stat", "cats"], world())).err).toContain(
    'Cannot use "cats": kinds are deployment',
  );
  expect((await runCommand(["viz", "stat", "deploy", "-t", "2"], world())).err).toContain(
    "it is no duration",
  );
  expect((await runCommand(["viz", "stat", "deploy"])).err).toBe(
    "Cannot find a cluster: there is none in this test\n",
  );
});

test("-l takes those with the labels alone", async () => {
  const client = fakeCluster([
    pod("web-1", { app: "web" }),
    ...[pod("api-1", { app: "api" }), pod("old-1", { app: "old", meshed: false })],
  ]);
  const names = async (words: string): Promise<string[]> => {
    const { out } = await runCommand(["viz", "stat", ...words.split(" ")], { client });
    return out
      .split("\n")
      .slice(1, -1)
      .map((each) => each.split(" ")[0] ?? "");
  };
  expect(await names("po -l app=web")).toEqual(["web-1"]);
  expect(await names("po/web-1 -l app=api")).toEqual([]);
});
