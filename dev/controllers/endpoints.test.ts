import { afterAll, beforeAll, expect, test } from "bun:test";
import { ENDPOINT_SLICES, PODS, SERVICES } from "#lib/k8s/resource.ts";
import { FakeCluster } from "../../test/fake/kube-cluster.ts";

let cluster: FakeCluster;
beforeAll(async () => {
  cluster = await FakeCluster.start();
});
afterAll(() => cluster.stop());

test("a Service has slices of its pods until it goes", async () => {
  const { client, namespace } = cluster;

  await client.create(SERVICES, {
    metadata: { name: "s", namespace },
    spec: { selector: { app: "web" }, ports: [{ port: 80 }] },
  } as never);
  const pod = {
    metadata: { name: "p", namespace, labels: { app: "web" } },
    spec: { containers: [{ name: "c" }] },
  };
  await client.create(PODS, pod as never);
  const slices = async () => (await client.list(ENDPOINT_SLICES, { namespace })).items;
  const slice = await cluster.until("its endpoint", async () =>
    (await slices()).find(({ endpoints }) => endpoints?.length === 1),
  );
  expect(slice.endpoints?.[0]?.targetRef?.name).toBe("p");
  await client.delete(SERVICES, { name: "s", namespace });
  await cluster.until("no slice", async () => (await slices()).length === 0);
});
