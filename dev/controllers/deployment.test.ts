import { afterAll, beforeAll, expect, test } from "bun:test";
import { DEPLOYMENTS, ENDPOINT_SLICES, REPLICA_SETS, SERVICES } from "#lib/k8s/resource.ts";
import { FakeCluster, selector, template } from "../../test/fake/kube-cluster.ts";

let cluster: FakeCluster;
beforeAll(async () => {
  cluster = await FakeCluster.start();
});
afterAll(() => cluster.stop());

test("a Deployment rolls out, serves, rolls on and goes with all that it owns", async () => {
  const { namespace } = cluster;
  const name = { name: "web", namespace };
  await cluster.client.create(DEPLOYMENTS, {
    metadata: name,
    spec: { replicas: 3, selector, template: template() },
  } as never);
  await cluster.client.create(SERVICES, {
    metadata: name,
    spec: { selector: { app: "web" }, ports: [{ name: "http", port: 80, targetPort: "http" }] },
  } as never);
  const complete = (generation: number) => async () => {
    const found = await cluster.client.get(DEPLOYMENTS, name);
    const { status } = found ?? {};
    return (
      status?.observedGeneration === generation &&
      status.updatedReplicas === 3 &&
      status.replicas === 3 &&
      status.availableReplicas === 3 &&
      found
    );
  };
  const first = await cluster.until("three pods", complete(1));
  expect(first.status?.conditions?.find(({ type }) => type === "Progressing")?.reason).toBe(
    "NewReplicaSetAvailable",
  );
  const slice = await cluster.until("three endpoints", async () => {
    const { items } = await cluster.client.list(ENDPOINT_SLICES, { namespace });
    return items.find(
      ({ endpoints }) =>
        endpoints?.length === 3 && endpoints.every(({ conditions }) => conditions?.ready),
    );
  });
  expect(slice.ports).toEqual([{ name: "http", port: 8080, protocol: "TCP" }] as never);
  await cluster.client.patch(DEPLOYMENTS, name, {
    type: "strategic",
    body: { spec: { template: { spec: { containers: [{ name: "c", image: "b" }] } } } },
  });
  const second = await cluster.until("new pods", complete(2));
  expect(second.metadata?.annotations?.["deployment.kubernetes.io/revision"]).toBe("2");
  await cluster.until("only new pods", async () =>
    (await cluster.pods()).every((pod) => pod.spec?.containers[0]?.image === "b"),
  );
  await cluster.client.patch(DEPLOYMENTS, name, { type: "merge", body: { spec: { replicas: 1 } } });
  await cluster.until("one pod", async () => (await cluster.pods()).length === 1);
  await cluster.client.delete(SERVICES, name);
  await cluster.client.delete(DEPLOYMENTS, name);
  await cluster.until("nothing left", async () => {
    const sets = await cluster.client.list(REPLICA_SETS, { namespace });
    const slices = await cluster.client.list(ENDPOINT_SLICES, { namespace });
    return (await cluster.pods()).length + sets.items.length + slices.items.length === 0;
  });
});
