import { expect, test } from "bun:test";
import { LEASES } from "#lib/k8s/resource.ts";
import { FakeClock } from "../../test/fake/clock.ts";
import { FakeKubeApi, logger } from "../../test/fake/kube-api.ts";
import { until } from "../../test/fake/mesh.ts";
import { electBy } from "./election.ts";

test("electBy() leads by the Lease of that name, as a candidate unlike any other", async () => {
  const kube = await FakeKubeApi.start();
  const around = { client: kube.admin, clock: new FakeClock(), random: () => 0, log: logger };
  const name = { name: "one", namespace: "mesh" };
  let elected = 0;
  const electors = [1, 2].map(() => electBy(name, around, () => elected++));
  for (const elector of electors) elector.start();
  await until(
    () => elected > 0,
    () => "an election",
  );
  const lease = await kube.admin.get(LEASES, name);
  expect(lease?.spec?.holderIdentity).toMatch(/_[0-9a-f-]{36}$/);
  await Promise.all(electors.map((elector) => elector.stop()));
  expect(elected).toBe(1);
  kube.stop();
});
