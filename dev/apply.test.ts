import { afterAll, beforeAll, expect, test } from "bun:test";
import { CONFIG_MAPS, DEPLOYMENTS, NAMESPACES } from "#lib/k8s/resource.ts";
import { systemClock } from "#lib/sys/system-clock.ts";
import { FakeCluster, selector, template } from "../test/fake/kube-cluster.ts";
import { applyAll, waitReady, workloadsOf } from "./apply.ts";

let cluster: FakeCluster;
beforeAll(async () => {
  cluster = await FakeCluster.start();
});
afterAll(() => cluster.stop());

const deployment = (name: string, image = "a") => ({
  ...{ apiVersion: "apps/v1", kind: "Deployment", metadata: { name, namespace: "apps" } },
  spec: { replicas: 2, selector, template: template(image) },
});
const failure = (call: Promise<unknown>): Promise<string> => call.then(() => "none", String);

test("applyAll() creates in order and changes what is there, in the namespace that is named", async () => {
  const { admin: client } = cluster;
  const map = (namespace: string | undefined, value: string) => ({
    ...{ apiVersion: "v1", kind: "ConfigMap", data: { key: value } },
    metadata: { name: "map", ...(namespace !== undefined && { namespace }) },
  });
  const fresh = { apiVersion: "v1", kind: "Namespace", metadata: { name: "fresh" } };
  await applyAll(client, [fresh, map("fresh", "1"), map(undefined, "2")]);
  await applyAll(client, [map("fresh", "3")]);
  const read = async (namespace: string) =>
    (await client.get(CONFIG_MAPS, { name: "map", namespace }))?.data?.["key"];
  expect([await read("fresh"), await read("default")]).toEqual(["3", "2"]);
  expect(await client.get(NAMESPACES, { name: "fresh" })).toBeDefined();
});

test.each([
  [{ apiVersion: "v1", kind: "Wish" }, "Cannot apply Wish: the API serves no v1 Wish"],
  [{ apiVersion: "no.such/v1", kind: "Wish" }, "the API serves no no.such/v1 Wish"],
])("applyAll() refuses %j", async (object, message) => {
  const call = applyAll(cluster.admin, [{ ...object, metadata: { name: "x" } }]);
  expect(await failure(call)).toContain(message);
});

test("workloadsOf() finds what is to be waited for", () => {
  const set = { kind: "DaemonSet", metadata: { name: "agent" } };
  expect(workloadsOf([deployment("web"), set, { kind: "Service" }])).toEqual([
    { kind: "Deployment", namespace: "apps", name: "web" },
    { kind: "DaemonSet", namespace: "default", name: "agent" },
  ]);
});

test("waitReady() waits until all replicas are of the newest template and ready", async () => {
  const { admin: client, namespace } = cluster;
  for (const image of ["a", "b"]) {
    const objects = [deployment("web", image)];
    await applyAll(client, objects);
    await waitReady(client, workloadsOf(objects), { clock: systemClock, timeoutMs: 4_000 });
    const found = await client.get(DEPLOYMENTS, { name: "web", namespace });
    expect(found?.status).toMatchObject({ updatedReplicas: 2, availableReplicas: 2, replicas: 2 });
  }
});

test("waitReady() waits for the pods of a DaemonSet", async () => {
  const labels = { app: "agent" };
  const { spec } = template();
  const set = {
    ...{ apiVersion: "apps/v1", kind: "DaemonSet", metadata: { name: "agent", namespace: "apps" } },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  };
  await applyAll(cluster.admin, [set]);
  const how = { clock: systemClock, timeoutMs: 4_000 };
  await waitReady(cluster.admin, workloadsOf([set]), how);
});

test.each(["Deployment", "DaemonSet"] as const)(
  "waitReady() says which %s it has waited for in vain",
  async (kind) => {
    const workload = { kind, namespace: "apps", name: "none" };
    const how = { clock: systemClock, timeoutMs: 1 };
    expect(await failure(waitReady(cluster.admin, [workload], how))).toContain(
      `Cannot wait longer for ${kind} apps/none: it does not exist after 0.001 s`,
    );
  },
);
