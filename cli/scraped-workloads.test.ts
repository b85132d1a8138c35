import { expect, test } from "bun:test";
import { fakeCluster, metricsPath, runCommand } from "../test/fake/cli.ts";
import { deployment, pod } from "../test/fake/mesh-objects.ts";
import type { Context } from "./context.ts";
import { scrapeWorkloads } from "./scraped-workloads.ts";

test("scrapeWorkloads() gives each workload the scrapes of its own meshed pods", async () => {
  const client = fakeCluster(
    [
      ...[deployment("web"), deployment("api")],
      ...[pod("web-1", { app: "web" }), pod("web-2", { app: "web", meshed: false })],
      ...[pod("api-1", { app: "api" })],
    ],
    {
      [metricsPath("default", "web-1")]: "a_total 1\n",
      [metricsPath("default", "api-1")]: "b_total 1\n",
    },
  );
  const context = {
    connect: async () => ({ client, namespace: "default" }),
    ...{ now: () => 0, sleep: async () => undefined },
    terminal: { progress: () => undefined, warn: () => undefined },
  } as unknown as Context;
  const flags = { timeWindow: "1s", linkerdNamespace: "linkerd" };
  const found = await scrapeWorkloads(["deploy"], { flags, context });
  expect(
    found.map(({ kind, name, pods, pairs }) => [
      ...[kind, name, pods.length],
      pairs.map(({ second }) => second.map((sample) => sample.name)),
    ]),
  ).toEqual([
    ["deployment", "web", 1, [["a_total"]]],
    ["deployment", "api", 1, [["b_total"]]],
  ]);
  const { status } = await runCommand(["viz", "stat-inbound", "deploy/gone"], { client });
  expect(status).toBe(1);
});
