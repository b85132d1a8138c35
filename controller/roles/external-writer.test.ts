import { afterAll, beforeAll, expect, test } from "bun:test";
import { LEASES } from "#lib/k8s/resource.ts";
import type { Service } from "#lib/k8s/types/core.ts";
import type { CustomObject } from "#lib/k8s/types/custom.ts";
import type { EndpointSlice } from "#lib/k8s/types/discovery.ts";
import { systemClock } from "#lib/sys/system-clock.ts";
import { FakeInformer } from "../../test/fake/informer.ts";
import { FakeKubeApi, logger } from "../../test/fake/kube-api.ts";
import { until } from "../../test/fake/mesh.ts";
import { MANAGED_BY, MANAGER } from "../external/plan.ts";
import { ExternalWriter } from "./external-writer.ts";

let kube: FakeKubeApi;
beforeAll(async () => {
  kube = await FakeKubeApi.start();
});
afterAll(() => kube.stop());

function setUp() {
  const from = {
    services: new FakeInformer<Service>(),
    slices: new FakeInformer<EndpointSlice>(),
    externalWorkloads: new FakeInformer<CustomObject>(),
  };
  const around = {
    ...{ client: kube.admin, clock: systemClock, random: Math.random, log: logger },
    memoryShare: () => 0,
    onFault: (error: Error) => {
      throw error;
    },
  };
  return { from, writer: new ExternalWriter(from, around, "mesh") };
}
const metadata = { name: "vm", namespace: "mesh" };

test("a replica stands for election once there is something to write, and gives the Lease back", async () => {
  const { from, writer } = setUp();
  from.services.put({ metadata: { name: "web", namespace: "mesh" } });
  expect(writer.stands).toBe(false);
  from.externalWorkloads.put({ metadata });
  from.externalWorkloads.put({ metadata });
  expect(writer.stands).toBe(true);
  const name = { name: "linkerd-destination-endpoint-write", namespace: "mesh" };
  await until(
    async () => (await kube.admin.get(LEASES, name))?.spec?.holderIdentity !== undefined,
    () => "a leader",
  );
  await writer.stop();
  expect((await kube.admin.get(LEASES, name))?.spec?.holderIdentity ?? "").toBe("");
});

test("slices of an earlier leader are something to look at", async () => {
  const { from, writer } = setUp();
  const slice = (labels: Record<string, string>): EndpointSlice => ({
    metadata: { ...metadata, labels },
    ...{ addressType: "IPv4", endpoints: [] },
  });
  from.slices.put(slice({}));
  expect(writer.stands).toBe(false);
  from.slices.put(slice({ [MANAGED_BY]: MANAGER }));
  expect(writer.stands).toBe(true);
  await writer.stop();
});
