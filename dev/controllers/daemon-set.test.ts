import { afterAll, beforeAll, test } from "bun:test";
import { DAEMON_SETS } from "#lib/k8s/resource.ts";
import { FakeCluster, selector, template } from "../../test/fake/kube-cluster.ts";

let cluster: FakeCluster;
beforeAll(async () => {
  cluster = await FakeCluster.start();
});
afterAll(() => cluster.stop());

test("a DaemonSet has a pod on the node, a new one for a new template", async () => {
  const { namespace } = cluster;
  const name = { name: "agent", namespace };
  await cluster.client.create(DAEMON_SETS, {
    metadata: name,
    spec: { selector, template: template() },
  } as never);
  const ready = (generation: number) => async () => {
    const { status } = (await cluster.client.get(DAEMON_SETS, name)) ?? {};
    return (
      status?.observedGeneration === generation &&
      status.numberReady === 1 &&
      status.updatedNumberScheduled === 1
    );
  };
  await cluster.until("its pod", ready(1));
  await cluster.client.patch(DAEMON_SETS, name, {
    type: "merge",
    body: { spec: { template: template("b") } },
  });
  await cluster.until("its new pod", ready(2));
  await cluster.client.delete(DAEMON_SETS, name);
  await cluster.noPods();
});
