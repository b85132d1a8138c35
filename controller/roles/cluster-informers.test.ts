import { expect, test } from "bun:test";
import { SERVICES } from "#lib/k8s/resource.ts";
import { systemClock } from "#lib/sys/system-clock.ts";
import { FakeKubeApi, logger } from "../../test/fake/kube-api.ts";
import { until } from "../../test/fake/mesh.ts";
import { watchCluster } from "./cluster-informers.ts";

test("watchCluster() follows the cluster's kinds, and keeps of an object what is read", async () => {
  const kube = await FakeKubeApi.start();
  const informers = watchCluster({
    ...{ client: kube.admin, clock: systemClock, random: Math.random, log: logger },
    memoryShare: () => 0,
    onFault: (error) => {
      throw error;
    },
  });
  try {
    await Promise.all(Object.values(informers).map(({ synced }) => synced));
    const name = { name: "web", namespace: "mesh" };
    await kube.admin.create(SERVICES, {
      metadata: { ...name, annotations: { "example.test/note": "unread" } },
      spec: { ports: [{ name: "http", port: 80 }] },
    });
    await until(
      () => informers.services.get(name) !== undefined,
      () => "the Service",
    );
    // What nobody reads of an object is not kept.
    expect(JSON.stringify(informers.services.get(name))).not.toContain("unread");
    expect(informers.namespaces.get({ name: "mesh" })?.metadata?.name).toBe("mesh");
  } finally {
    for (const informer of Object.values(informers)) informer.stop();
    kube.stop();
  }
});
