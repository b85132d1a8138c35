import { afterAll, beforeAll, expect, test } from "bun:test";
import { CONFIG_MAPS, NAMESPACES } from "#lib/k8s/resource.ts";
import { FakeCluster } from "../../test/fake/kube-cluster.ts";

let cluster: FakeCluster;
beforeAll(async () => {
  cluster = await FakeCluster.start();
});
afterAll(() => cluster.stop());

test("a namespace is emptied before it goes", async () => {
  await cluster.client.create(NAMESPACES, { metadata: { name: "brief" } });
  await cluster.client.create(CONFIG_MAPS, {
    metadata: { name: "a", namespace: "brief", finalizers: ["x/y"] },
  });
  await cluster.client.delete(NAMESPACES, { name: "brief" });
  await cluster.until(
    "its deletion",
    async () =>
      (await cluster.client.get(CONFIG_MAPS, { name: "a", namespace: "brief" }))?.metadata
        ?.deletionTimestamp !== undefined,
  );
  expect((await cluster.client.get(NAMESPACES, { name: "brief" }))?.status?.phase).toBe(
    "Terminating",
  );
  await cluster.client.patch(
    CONFIG_MAPS,
    { name: "a", namespace: "brief" },
    { type: "merge", body: { metadata: { finalizers: null } } },
  );
  await cluster.until(
    "its end",
    async () => (await cluster.client.get(NAMESPACES, { name: "brief" })) === undefined,
  );
});
