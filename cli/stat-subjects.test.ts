import { expect, test } from "bun:test";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import { fakeCluster } from "../test/fake/cli.ts";
import { deployment, pod } from "../test/fake/mesh-objects.ts";
import { findSubjects, parseSubjects } from "./stat-subjects.ts";

const job = (name: string, cron: string): KubeObject & { readonly spec: object } => ({
  kind: "Job",
  metadata: {
    ...{ name, namespace: "default" },
    ownerReferences: [{ apiVersion: "batch/v1", kind: "CronJob", name: cron, uid: "1" }],
  },
  spec: { selector: { matchLabels: { "job-name": name } } },
});
const objects: readonly KubeObject[] = [
  ...[deployment("web"), { kind: "Namespace", metadata: { name: "default" } }],
  { kind: "Service", metadata: { name: "web", namespace: "default" } },
  { kind: "CronJob", metadata: { name: "tick", namespace: "default" } },
  ...[job("tick-1", "tick"), job("tick-2", "tick"), job("tock-1", "tock")],
];
const pods = [
  pod("web-1", { app: "web" }),
  pod("a", { labels: { "job-name": "tick-1" } }),
  pod("b", { labels: { "job-name": "tick-2" }, phase: "Succeeded" }),
  pod("c", { labels: { "job-name": "tock-1" } }),
  pod("d", { namespace: "other" }),
];

test.each([
  ["deploy/web", ["web-1"], { kind: "deployment", names: ["web"], namespace: "default" }],
  ["svc/web", undefined, { kind: "service", names: ["web"], namespace: "default" }],
  ["ns", ["web-1", "a", "c"], { kind: "namespace", names: ["default"], namespace: undefined }],
  ["cj/tick", ["a"], { kind: "job", names: ["tick-1", "tick-2"], namespace: "default" }],
])("%s has its pods, and callers know it by a name", async (word, members, target) => {
  const [named] = parseSubjects([word], "all");
  if (named === undefined) throw new Error(`Cannot read ${word}`);
  const client = fakeCluster([...objects, ...pods]);
  const found = await findSubjects(client, { named, pods, namespace: "default" });
  const all = found.map((each) => [
    each.members?.map(({ metadata }) => metadata?.name),
    each.target,
  ]);
  expect(all).toEqual([[members, target]]);
});

test("an authority is no object, and what is missing is told", async () => {
  const client = fakeCluster(objects);
  const find = async (word: string): Promise<unknown> => {
    const [named] = parseSubjects([word], "all");
    if (named === undefined) throw new Error(`Cannot read ${word}`);
    return await findSubjects(client, { named, pods, namespace: "default" });
  };
  expect(await find("au/web:80")).toEqual([]);
  expect(find("ns/none")).rejects.toThrow("Cannot find namespace/none");
  expect(find("svc/none")).rejects.toThrow("Cannot find service/none in namespace default");
});

test("parseSubjects() takes all for what is in a namespace, or for what of that sends", () => {
  const kinds = (of: "all" | "senders"): string[] =>
    parseSubjects(["all"], of).map(({ kind }) => kind.name);
  expect(kinds("all")).toContain("service");
  expect(kinds("senders")).not.toContain("service");
  expect(kinds("all")).not.toContain("namespace");
  expect(parseSubjects(["svc", "a", "b"], "all").map(({ name }) => name)).toEqual(["a", "b"]);
});
