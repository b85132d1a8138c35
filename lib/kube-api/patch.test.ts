import { expect, test } from "bun:test";
import { BUILT_IN } from "./kinds.ts";
import { applyPatch, type PatchRequest } from "./patch.ts";

const [resource] = BUILT_IN;
const current = { apiVersion: "v1", kind: "Pod", metadata: { name: "a" }, spec: { x: 1 } };
const patched = (patch: PatchRequest) => {
  if (resource === undefined) throw new Error("no kind");
  return applyPatch(resource, { current, patch, subresource: "" }).object;
};

test("applyPatch() applies each type and leaves the current object alone", () => {
  expect(
    patched({ type: "json", body: [{ op: "replace", path: "/spec/x", value: 2 }] })["spec"],
  ).toEqual({ x: 2 });
  expect(patched({ type: "merge", body: { spec: { y: 1 } } })["spec"]).toEqual({ x: 1, y: 1 });
  expect(patched({ type: "strategic", body: { spec: null } })["spec"]).toBeUndefined();
  const body = { apiVersion: "v1", kind: "Pod", metadata: {}, spec: { z: 1 } };
  expect(patched({ type: "apply", body, fieldManager: "m" })["spec"]).toEqual({ x: 1, z: 1 });
  expect(current.spec).toEqual({ x: 1 });
});

test("applyPatch() refuses what cannot be applied", () => {
  expect(() => patched({ type: "json", body: {} })).toThrow("no list");
  expect(() => patched({ type: "json", body: [{ op: "remove", path: "/none" }] })).toThrow(
    "rejected",
  );
  expect(() => patched({ type: "merge", body: 1 })).toThrow("no JSON object");
  expect(() => patched({ type: "apply", body: {} })).toThrow("fieldManager");
  expect(() => patched({ type: "apply", body: { kind: "X" }, fieldManager: "m" })).toThrow(
    "not v1, Kind=Pod",
  );
});
