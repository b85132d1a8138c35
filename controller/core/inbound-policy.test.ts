import { expect, test } from "bun:test";
import { fakeWorkload } from "../../test/fake/workload.ts";
import { DEFAULT_POLICIES, type PolicyDefaults, portPolicy } from "./inbound-policy.ts";

const defaults: PolicyDefaults = {
  defaultPolicy: "all-unauthenticated",
  clusterNetworks: ["10.0.0.0/8"],
  probeNetworks: ["0.0.0.0/0"],
};
const any = ["0.0.0.0/0", "::/0"];

test.each([
  ["all-unauthenticated", any, false],
  ["all-authenticated", any, true],
  ["cluster-unauthenticated", ["10.0.0.0/8"], false],
  ["cluster-authenticated", ["10.0.0.0/8"], true],
  ["audit", any, false],
])("INB3, INB8: %s", (name, networks, authenticated) => {
  const policy = portPolicy(fakeWorkload({ defaultPolicy: name }), 80, defaults);
  expect(policy).toMatchObject({ name, permissions: [{ name, networks, authenticated }] });
});

test("INB2, INB3: deny allows nobody; what is not known leaves the cluster's default", () => {
  expect(portPolicy(fakeWorkload({ defaultPolicy: "deny" }), 80, defaults).permissions).toEqual([]);
  expect(portPolicy(fakeWorkload({ defaultPolicy: "x" }), 80, defaults).name).toBe(
    "all-unauthenticated",
  );
});

test("INB3: a port that requires identity never allows anyone without", () => {
  for (const defaultPolicy of DEFAULT_POLICIES) {
    const workload = fakeWorkload({ defaultPolicy, requireIdentity: [{ from: 80, to: 80 }] });
    const { permissions } = portPolicy(workload, 80, defaults);
    expect(permissions.every(({ authenticated }) => authenticated)).toBe(true);
  }
});

test("INB3, INB9: opaque ports and probes", () => {
  const workload = fakeWorkload({ probes: new Map([[80, ["/ready"]]]) });
  expect(portPolicy(workload, 5432, defaults).protocol).toBe("opaque");
  expect(portPolicy(workload, 80, defaults).probePaths).toEqual(["/ready"]);
});
