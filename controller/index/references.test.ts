import { expect, test } from "bun:test";
import { Fields } from "./fields.ts";
import { readRef, readTarget } from "./references.ts";

const target = (targetRef: unknown) => {
  const faults: string[] = [];
  return { read: readTarget(new Fields({ targetRef }, "spec", faults)), faults };
};
const ref = (value: unknown) => readRef(new Fields(value, "ref", []), "shop");

test("INB6: readTarget() knows Servers, routes and namespaces, in any case", () => {
  const policy = "policy.linkerd.io";
  expect(target({ group: policy, kind: "server", name: "a" }).read).toEqual({
    type: "server",
    name: "a",
  });
  expect(target({ group: "gateway.networking.k8s.io", kind: "GRPCRoute", name: "a" }).read).toEqual(
    {
      ...{ type: "route", group: "gateway.networking.k8s.io", kind: "GRPCRoute", name: "a" },
    },
  );
  for (const group of ["", "core", undefined])
    expect(target({ group, kind: "Namespace", name: "shop" }).read).toEqual({
      type: "namespace",
      name: "shop",
    });
});

test("readTarget() names what it does not know", () => {
  for (const odd of [
    undefined,
    { kind: "Server", name: "a" },
    { group: "policy.linkerd.io", kind: "GRPCRoute", name: "a" },
    { group: "policy.linkerd.io", kind: "__proto__", name: "a" },
  ])
    expect(target(odd)).toMatchObject({ read: undefined, faults: [expect.any(String)] });
});

test("INB6: readRef() is of the object's own namespace unless it says another", () => {
  expect(ref({ kind: "ServiceAccount", name: "a" })).toEqual({
    ...{ kind: "serviceaccount", name: "a", namespace: "shop" },
  });
  expect(
    ref({ group: "policy.linkerd.io", kind: "NetworkAuthentication", name: "a", namespace: "b" }),
  ).toEqual({ kind: "networkauthentication", name: "a", namespace: "b" });
  for (const odd of [
    {},
    { kind: "User", name: "a" },
    { group: "x", kind: "ServiceAccount", name: "a" },
  ])
    expect(ref(odd)).toBeUndefined();
});
