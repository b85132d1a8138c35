import { expect, test } from "bun:test";
import { isOf } from "./reference.ts";

test.each([
  [{ kind: "Service" }, "", true],
  [{ group: "", kind: "service" }, "", true],
  [{ group: "core", kind: "Service" }, "", true],
  [{ group: null, kind: "Service" }, "", true],
  [{ group: "policy.linkerd.io", kind: "Service" }, "", false],
  [{ group: "Policy.Linkerd.io", kind: "Service" }, "policy.linkerd.io", true],
  [{ kind: "Service" }, "policy.linkerd.io", false],
  [{ kind: "Server" }, "", false],
] as const)("isOf(%j, %p) is %p", (reference, group, is) => {
  expect(isOf(reference, group, "Service", "Namespace")).toBe(is);
});
