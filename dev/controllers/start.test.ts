import { expect, test } from "bun:test";
import { CONFIG_MAPS, SERVICE_ACCOUNTS } from "#lib/k8s/resource.ts";
import { FakeCluster } from "../../test/fake/kube-cluster.ts";

test("startControllers() works until it is stopped", async () => {
  const cluster = await FakeCluster.start();
  const { client, namespace } = cluster;
  const map = await cluster.until("the root certificate", () =>
    client.get(CONFIG_MAPS, { name: "kube-root-ca.crt", namespace }),
  );
  expect(map.data).toEqual({ "ca.crt": "CA" });
  await cluster.until("the account", () =>
    client.get(SERVICE_ACCOUNTS, { name: "default", namespace }),
  );
  cluster.stop();
});
