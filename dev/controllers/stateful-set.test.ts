import { afterAll, beforeAll, expect, test } from "bun:test";
import { STATEFUL_SETS } from "#lib/k8s/resource.ts";
import { FakeCluster, selector, template } from "../../test/fake/kube-cluster.ts";

let cluster: FakeCluster;
beforeAll(async () => {
  cluster = await FakeCluster.start();
});
afterAll(() => cluster.stop());

test("a StatefulSet numbers its pods", async () => {
  const { namespace } = cluster;
  const name = { name: "db", namespace };
  await cluster.client.create(STATEFUL_SETS, {
    metadata: name,
    spec: { replicas: 2, serviceName: "db", selector, template: template() },
  } as never);
  await cluster.until(
    "two pods",
    async () => (await cluster.client.get(STATEFUL_SETS, name))?.status?.readyReplicas === 2,
  );
  expect((await cluster.pods()).map(({ metadata }) => metadata?.name)).toEqual(["db-0", "db-1"]);
  await cluster.client.delete(STATEFUL_SETS, name);
  await cluster.noPods();
});
