import { expect, test } from "bun:test";
import { LEASES } from "#lib/k8s/resource.ts";
import { Registry } from "#lib/metrics/registry.ts";
import { FakeClock } from "../../test/fake/clock.ts";
import { FakeKubeApi, logger } from "../../test/fake/kube-api.ts";
import { until } from "../../test/fake/mesh.ts";
import { StatusWorld } from "../../test/fake/status-world.ts";
import { Statuses } from "./statuses.ts";

test("INB12: Statuses takes part in the election for Linkerd's Lease, and gives it back", async () => {
  const kube = await FakeKubeApi.start();
  const registry = new Registry();
  const args = {
    ...{ namespace: "mesh", registry, clusterNetworks: [], opaquePorts: "" },
    domain: { controlPlaneNamespace: "mesh", trustDomain: "cluster.local" },
  };
  const statuses = new Statuses(new StatusWorld().from, args, {
    ...{ client: kube.admin, clock: new FakeClock(), random: () => 0, log: logger },
    memoryShare: () => 0,
    onFault: (error) => {
      throw error;
    },
  });
  const lease = { name: "policy-controller-write", namespace: "mesh" };
  const held = async (): Promise<boolean> =>
    Boolean((await kube.admin.get(LEASES, lease))?.spec?.holderIdentity);
  await until(held, () => "that the Lease is taken");
  await statuses.stop();
  expect(await held()).toBe(false);
  expect([...registry.families].map(({ name }) => name)).toContain("resource_status_patches_total");
  kube.stop();
});
