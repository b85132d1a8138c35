import { afterAll, beforeAll, expect, test } from "bun:test";
import { NODES, PODS } from "#lib/k8s/resource.ts";
import { FakeCluster } from "../../test/fake/kube-cluster.ts";

let cluster: FakeCluster;
beforeAll(async () => {
  cluster = await FakeCluster.start();
});
afterAll(() => cluster.stop());

test("a pod gets a node that fits, and waits where none does", async () => {
  const { client, namespace } = cluster;

  const pod = (name: string, nodeSelector: Record<string, string>) =>
    ({
      metadata: { name, namespace },
      spec: { nodeSelector, containers: [{ name: "c" }] },
    }) as never;
  await client.create(PODS, pod("any", {}));
  await client.create(PODS, pod("picky", { disk: "ssd" }));
  const node = (name: string) => async () =>
    (await client.get(PODS, { name, namespace }))?.spec?.nodeName;
  expect(await cluster.until("a node", node("any"))).toBe("node");
  await cluster.until("a reason", async () =>
    (await client.get(PODS, { name: "picky", namespace }))?.status?.conditions?.some(
      ({ reason }) => reason === "Unschedulable",
    ),
  );
  await client.patch(
    NODES,
    { name: "node" },
    { type: "merge", body: { metadata: { labels: { disk: "ssd" } } } },
  );
  expect(await cluster.until("its node", node("picky"))).toBe("node");
});
