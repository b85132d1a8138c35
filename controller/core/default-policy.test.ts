import { expect, test } from "bun:test";
import { allowedBy, hardened } from "./default-policy.ts";

test("INB3: allowedBy() of cluster-* allows nobody where no network of the cluster is known", () => {
  expect(allowedBy("cluster-unauthenticated", [])).toEqual([]);
  expect(allowedBy("all-authenticated", [])).toHaveLength(1);
});

test("INB3, INB8: hardened() keeps the networks of a policy, and denies and audits as before", () => {
  expect(hardened("deny")).toBe("deny");
  expect(hardened("audit")).toBe("audit");
  expect(hardened("cluster-unauthenticated")).toBe("cluster-authenticated");
});
