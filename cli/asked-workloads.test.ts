import { expect, test } from "bun:test";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import type { Sample } from "#lib/metrics/parse.ts";
import { fakeCluster } from "../test/fake/cli.ts";
import { deployment } from "../test/fake/mesh-objects.ts";
import { askWorkloads } from "./asked-workloads.ts";
import type { Context } from "./context.ts";

const client = fakeCluster([
  ...[deployment("web"), deployment("api"), deployment("idle")],
  { kind: "CronJob", metadata: { name: "tick", namespace: "default" } },
  { kind: "CronJob", metadata: { name: "never", namespace: "default" } },
  {
    kind: "Job",
    metadata: {
      ...{ name: "tick-1", namespace: "default" },
      ownerReferences: [{ apiVersion: "batch/v1", kind: "CronJob", name: "tick", uid: "1" }],
    },
  } as KubeObject,
]);
const context = {
  connect: async () => ({ client, namespace: "default" }),
} as unknown as Context;
const reads = { families: ["a_total"], labels: ["direction"] };

test("askWorkloads() asks once for each family and kind, and gives each workload its own", async () => {
  const queries: string[] = [];
  const sample = (labels: Readonly<Record<string, string>>, value: number): Sample => ({
    ...{ name: "a_total", labels, value },
  });
  const ask = async (query: string): Promise<readonly Sample[]> => {
    queries.push(query);
    return query.includes("deployment=~")
      ? [sample({ deployment: "web" }, 6), sample({ deployment: "api" }, 1)]
      : [sample({ k8s_job: "tick-1" }, 3)];
  };
  const flags = { timeWindow: "1m", linkerdNamespace: "linkerd" };
  const found = await askWorkloads(["deploy", "cj"], { flags, context, reads, ask });
  expect(
    found.map(({ name, pairs }) => [name, pairs.map(({ second }) => second[0]?.value)]),
  ).toEqual([
    ["web", [6]],
    ["api", [1]],
    ["idle", []],
    ["tick", [3]],
    ["never", []],
  ]);
  expect(found[0]?.pairs[0]?.seconds).toBe(60);
  expect(queries.toSorted()).toEqual([
    'sum(increase(a_total{namespace="default",deployment=~"web|api|idle"}[60000ms])) by (deployment, direction)',
    'sum(increase(a_total{namespace="default",k8s_job=~"tick-1"}[60000ms])) by (k8s_job, direction)',
  ]);
});

test("where there is nothing to ask for nobody is asked; what is missing is told", async () => {
  const ask = (): never => {
    throw new Error("asked");
  };
  const how = { flags: { timeWindow: "1m", linkerdNamespace: "linkerd" }, context, reads, ask };
  expect(await askWorkloads(["cj/never"], how)).toMatchObject([{ name: "never", pairs: [] }]);
  expect(askWorkloads(["deploy/gone"], how)).rejects.toThrow("Cannot find deployment/gone");
});
