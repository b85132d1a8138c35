import { expect, test } from "bun:test";
import { given, imageAt, installOverrides } from "./install-flags.ts";

const FLAGS = { linkerdNamespace: "mesh", cniNamespace: "cni", output: "yaml" } as const;
const NO_VALUES = { values: [], set: [], setString: [], setFile: [] };

test("installOverrides() has only what flags say", () => {
  expect(installOverrides({ ...FLAGS, ...NO_VALUES })).toEqual({
    namespace: "mesh",
    cni: { namespace: "cni" },
  });
  expect(
    installOverrides({ ...FLAGS, ...NO_VALUES, ha: true, clusterDomain: "k8s.test" }),
  ).toMatchObject({
    controllerReplicas: 3,
    webhookFailurePolicy: "Fail",
    clusterDomain: "k8s.test",
    identityTrustDomain: "k8s.test",
  });
});

test("given() leaves out what is undefined and what is empty, but not lists", () => {
  expect(given({ a: undefined, b: { c: { d: undefined } }, e: [], f: 0 })).toEqual({
    e: [],
    f: 0,
  } as never);
});

test("imageAt() keeps the image's own name", () => {
  expect(imageAt("registry.test/x")).toBe("registry.test/x/bunkerd");
  expect(imageAt(undefined)).toBeUndefined();
});
