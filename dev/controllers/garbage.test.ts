import { afterAll, beforeAll, expect, test } from "bun:test";
import { CONFIG_MAPS, PODS } from "#lib/k8s/resource.ts";
import { FakeCluster } from "../../test/fake/kube-cluster.ts";

let cluster: FakeCluster;
beforeAll(async () => {
  cluster = await FakeCluster.start();
});
afterAll(() => cluster.stop());

test("what an object owns goes with it, or loses it where it has other owners", async () => {
  const { client, namespace } = cluster;

  const owner = await client.create(CONFIG_MAPS, { metadata: { name: "free", namespace } });
  const node = await client.create(PODS, {
    metadata: { name: "p", namespace },
    spec: { containers: [{ name: "c" }] },
  } as never);
  const refer = (kind: string, object: { metadata?: { name?: string; uid?: string } }) => ({
    apiVersion: "v1",
    kind,
    name: object.metadata?.name ?? "",
    uid: object.metadata?.uid ?? "",
  });
  await client.create(CONFIG_MAPS, {
    metadata: { name: "alone", namespace, ownerReferences: [refer("Pod", node)] },
  });
  await client.create(CONFIG_MAPS, {
    metadata: {
      name: "shared",
      namespace,
      ownerReferences: [refer("Pod", node), refer("ConfigMap", owner)],
    },
  });
  await client.delete(PODS, { name: "p", namespace });
  await cluster.until(
    "its end",
    async () => (await client.get(CONFIG_MAPS, { name: "alone", namespace })) === undefined,
  );
  const shared = await cluster.until("one owner", async () => {
    const found = await client.get(CONFIG_MAPS, { name: "shared", namespace });
    return found?.metadata?.ownerReferences?.length === 1 && found;
  });
  expect(shared.metadata?.ownerReferences?.[0]?.kind).toBe("ConfigMap");
});
