import { expect, test } from "bun:test";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import { fakeCluster } from "../test/fake/cli.ts";
import { deployment, pod } from "../test/fake/mesh-objects.ts";
import { findPod, findWorkloads, parseWorkloads, podsOf } from "./workloads.ts";

test.each([
  [["deploy"], ["deployment"]],
  [
    ["deploy/web", "sts/db"],
    ["deployment/web", "statefulset/db"],
  ],
  [
    ["ds", "a", "b"],
    ["daemonset/a", "daemonset/b"],
  ],
  [
    ["deploy", "ds"],
    ["deployment", "daemonset"],
  ],
])("parseWorkloads(%j) is %j", (words, expected) => {
  const found = parseWorkloads(words).map(({ kind, name }) =>
    name === undefined ? kind.name : `${kind.name}/${name}`,
  );
  expect(found).toEqual(expected);
});

test("parseWorkloads() refuses other kinds and empty names", () => {
  expect(() => parseWorkloads(["cats"])).toThrow('Cannot use "cats"');
  expect(() => parseWorkloads(["deploy/"])).toThrow('Cannot use "deploy/"');
});

test("workloads are found by name in one namespace or in all, pods by their selector", async () => {
  const web = deployment("web");
  const client = fakeCluster([web, deployment("web", "shop"), pod("web-1", { app: "web" })]);
  const [named] = parseWorkloads(["deploy/web"]);
  if (named === undefined) throw new Error("Cannot test: nothing was parsed");
  expect(await findWorkloads(client, { named, namespace: undefined })).toHaveLength(2);
  expect(await findWorkloads(client, { named, namespace: "shop" })).toHaveLength(1);
  const one = await findPod(client, { name: "web-1", namespace: "default" });
  expect(podsOf(web, [one, pod("other"), pod("old", { app: "web", phase: "Failed" })])).toEqual([
    one,
  ]);
});

test("a pod runs for itself, by its name or all of a namespace", async () => {
  const pods = [pod("web-1", { app: "web" }), pod("web-2", { app: "web" })];
  const client = fakeCluster(pods);
  const of = async (word: string): Promise<readonly string[][]> => {
    const [named] = parseWorkloads([word]);
    if (named === undefined) throw new Error("no kind");
    const found = await findWorkloads(client, { named, namespace: "default" });
    return found.map((each) => podsOf(each, pods).map(({ metadata }) => metadata?.name ?? ""));
  };
  expect(await of("po/web-2")).toEqual([["web-2"]]);
  expect(await of("pods")).toEqual([["web-1"], ["web-2"]]);
});

test("a CronJob has the pods of the Jobs that it made, a ReplicationController those with its labels", async () => {
  const job = (name: string, owner: string): KubeObject & { readonly spec: object } => ({
    kind: "Job",
    metadata: {
      ...{ name, namespace: "default" },
      ownerReferences: [{ apiVersion: "batch/v1", kind: "CronJob", name: owner, uid: "1" }],
    },
    spec: { selector: { matchLabels: { app: name } } },
  });
  const controller = {
    kind: "ReplicationController",
    metadata: { name: "old", namespace: "default" },
    spec: { selector: { app: "old" } },
  };
  const cron = { kind: "CronJob", metadata: { name: "tick", namespace: "default" } };
  const jobs = [job("tick-1", "tick"), job("other", "tock")];
  const pods = [pod("tick-1"), pod("other"), pod("old")];
  const client = fakeCluster([cron, controller, ...jobs, ...pods]);
  const of = async (word: string): Promise<readonly string[]> => {
    const [named] = parseWorkloads([word]);
    if (named === undefined) throw new Error("no kind");
    const found = await findWorkloads(client, { named, namespace: "default" });
    return found
      .flatMap((each) => podsOf(each, pods))
      .flatMap(({ metadata }) => metadata?.name ?? "");
  };
  expect(await of("cj/tick")).toEqual(["tick-1"]);
  expect(await of("rc")).toEqual(["old"]);
});
