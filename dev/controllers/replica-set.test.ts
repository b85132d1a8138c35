import { afterAll, beforeAll, expect, test } from "bun:test";
import { PODS, REPLICA_SETS } from "#lib/k8s/resource.ts";
import { FakeCluster, selector, template } from "../../test/fake/kube-cluster.ts";

let cluster: FakeCluster;
beforeAll(async () => {
  cluster = await FakeCluster.start();
});
afterAll(() => cluster.stop());

test("a ReplicaSet replaces pods that go and takes away what is too much", async () => {
  const { client, namespace } = cluster;

  const name = { name: "set", namespace };
  await client.create(REPLICA_SETS, {
    metadata: name,
    spec: { replicas: 2, selector, template: template() },
  } as never);
  const ready = (count: number) => async () => {
    const { status } = (await client.get(REPLICA_SETS, name)) ?? {};
    return status?.replicas === count && (status.availableReplicas ?? 0) === count;
  };
  await cluster.until("two pods", ready(2));
  const [first] = await cluster.pods();
  await client.delete(PODS, { name: first?.metadata?.name ?? "", namespace });
  await cluster.until("another pod", async () => {
    const names = (await cluster.pods()).map(({ metadata }) => metadata?.name);
    return names.length === 2 && !names.includes(first?.metadata?.name);
  });
  await client.patch(REPLICA_SETS, name, { type: "merge", body: { spec: { replicas: 0 } } });
  await cluster.noPods();
  await cluster.until("an empty status", ready(0));
  expect(await cluster.pods()).toEqual([]);
});
