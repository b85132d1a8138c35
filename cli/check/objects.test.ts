import { expect, test } from "bun:test";
import { CONFIG_MAPS } from "#lib/k8s/resource.ts";
import { fakeCluster } from "../../test/fake/cli.ts";
import { pod } from "../../test/fake/mesh-objects.ts";
import { expectAll, expectReady, live } from "./objects.ts";

test("expectReady() names the pod and the container that is not", () => {
  expectReady([pod("a")]);
  expect(() => expectReady([pod("a", { phase: "Pending" })])).toThrow('pod "a" status is Pending');
  expect(() => expectReady([pod("a", { ready: false })])).toThrow(
    'container "linkerd-proxy" in pod "a" is not ready',
  );
});

test("live() leaves out what has ended", () => {
  expect(live([pod("a"), pod("b", { phase: "Succeeded" })])).toHaveLength(1);
});

test("expectAll() names what is missing", async () => {
  const target = {
    client: fakeCluster([{ kind: "ConfigMap", metadata: { name: "a", namespace: "n" } }]),
    linkerdNamespace: "linkerd",
    cniNamespace: "linkerd-cni",
    namespace: undefined,
    version: "1",
    wall: () => 0,
  };
  await expectAll(target, { resource: CONFIG_MAPS, names: ["a"], namespace: "n" });
  const problem = await expectAll(target, {
    resource: CONFIG_MAPS,
    names: ["a", "b"],
    namespace: "n",
  }).catch(String);
  expect(problem).toBe("Error: missing ConfigMaps: b");
});
