import { expect, test } from "bun:test";
import { controllerOf, keyOf, nameOf, ownedBy, ownerKey } from "./context.ts";

test("keys and owners are read and written", () => {
  const owner = { metadata: { name: "web", namespace: "n", uid: "u" } };
  const ownerReferences = ownedBy(owner, { apiVersion: "apps/v1", kind: "ReplicaSet" });
  const pod = { metadata: { name: "p", namespace: "n", ownerReferences } };
  expect([keyOf(owner), nameOf("n/web")]).toEqual(["n/web", { namespace: "n", name: "web" }]);
  expect(controllerOf(pod)?.uid).toBe("u");
  expect([ownerKey("ReplicaSet")(pod), ownerKey("Job")(pod)]).toEqual([["n/web"], []]);
});
