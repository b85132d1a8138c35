import { afterAll, beforeAll, expect, test } from "bun:test";
import { JOBS } from "#lib/k8s/resource.ts";
import { FakeCluster } from "../../test/fake/kube-cluster.ts";

let cluster: FakeCluster;
beforeAll(async () => {
  cluster = await FakeCluster.start();
});
afterAll(() => cluster.stop());

test("a Job runs until it is complete", async () => {
  const { namespace } = cluster;
  const spec = { containers: [{ name: "c", image: "a" }], restartPolicy: "Never" };
  await cluster.client.create(JOBS, {
    metadata: { name: "once", namespace },
    spec: { completions: 2, template: { spec } },
  } as never);
  const job = await cluster.until("completion", async () => {
    const found = await cluster.client.get(JOBS, { name: "once", namespace });
    return found?.status?.conditions?.some(({ type }) => type === "Complete") === true && found;
  });
  expect(job.status?.succeeded).toBe(2);
  await cluster.client.delete(JOBS, { name: "once", namespace });
  await cluster.noPods();
});
