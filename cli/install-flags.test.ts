import { expect, test } from "bun:test";
import { given, imageAt, installOverrides } from "./install-flags.ts";

const FLAGS = { linkerdNamespace: "mesh", cniNamespace: "cni", output: "yaml" } as const;
const NO_VALUES = { values: [], set: [], setString: [], setFile: [] };

test("installOverrides() has only what flags say", () => {
  const { namespace, cni, controllerReplicas } = installOverrides({ ...FLAGS, ...NO_VALUES });
  expect([namespace, cni, controllerReplicas]).toEqual(["mesh", { namespace: "cni" }, undefined]);
  expect(
    installOverrides({ ...FLAGS, ...NO_VALUES, ha: true, clusterDomain: "k8s.test" }),
  ).toMatchObject({
    controllerReplicas: 3,
    webhookFailurePolicy: "Fail",
    clusterDomain: "k8s.test",
    identityTrustDomain: "k8s.test",
  });
});

test("given() leaves out what is undefined", () => {
  expect(given({ a: undefined, b: { c: undefined }, d: [], e: 0 })).toEqual({
    b: {},
    d: [],
    e: 0,
  } as never);
});

test("imageAt() keeps the image's own name", () => {
  expect(imageAt("registry.test/x")).toBe("registry.test/x/bunkerd");
  expect(imageAt(undefined)).toBeUndefined();
});
