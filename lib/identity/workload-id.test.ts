import { expect, test } from "bun:test";
import { parseServiceAccount, workloadId } from "./workload-id.ts";

test("workloadId() is Linkerd's form", () => {
  const domain = { controlPlaneNamespace: "linkerd", trustDomain: "cluster.local" };
  expect(workloadId({ namespace: "emojivoto", name: "web" }, domain)).toBe(
    "web.emojivoto.serviceaccount.identity.linkerd.cluster.local",
  );
});

test.each([
  ["system:serviceaccount:ns:web", { namespace: "ns", name: "web" }],
  ["system:serviceaccount:ns:web:more", undefined],
  ["system:serviceaccount:ns", undefined],
  ["system:serviceaccount:NS:web", undefined],
  ["system:serviceaccount:ns:-web", undefined],
  ["system:node:ns:web", undefined],
])("parseServiceAccount(%s)", (user, account) => {
  expect(parseServiceAccount(user)).toEqual(account as { namespace: string; name: string });
});

test("G19: an account with dots in its name has no identity: it could be taken for another namespace's", () => {
  expect(parseServiceAccount("system:serviceaccount:mesh:web.shop")).toBeUndefined();
  expect(parseServiceAccount("system:serviceaccount:mesh.shop:web")).toBeUndefined();
});
