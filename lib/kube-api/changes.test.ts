import { expect, test } from "bun:test";
import {
  advance,
  carryOver,
  checkName,
  checkPreconditions,
  isFinished,
  unchanged,
} from "./changes.ts";
import { BUILT_IN } from "./kinds.ts";

const kind = (name: string) => {
  const found = BUILT_IN.find((each) => each.kind === name);
  if (found === undefined) throw new Error(name);
  return found;
};
const current = {
  metadata: { name: "a", uid: "u", generation: 1, deletionTimestamp: "t" },
  spec: { a: 1 },
  status: { b: 1 },
};

test("carryOver() changes the status alone, or all but the status", () => {
  const sent = { metadata: { name: "a", uid: "other" }, spec: { a: 2 }, status: { b: 2 } };
  const resource = kind("Deployment");
  expect(carryOver({ resource, sent, current, subresource: "status" })).toMatchObject({
    spec: { a: 1 },
    status: { b: 2 },
  });
  const updated = carryOver({ resource, sent, current, subresource: "" });
  expect(updated).toMatchObject({
    spec: { a: 2 },
    status: { b: 1 },
    metadata: { uid: "u", deletionTimestamp: "t" },
  });
  expect(advance(updated, current).metadata.generation).toBe(2);
});

test("unchanged() does not count versions", () => {
  expect(
    unchanged({ ...current, metadata: { ...current.metadata, resourceVersion: "9" } }, current),
  ).toBe(true);
  expect(unchanged({ ...current, spec: {} }, current)).toBe(false);
});

test("isFinished() waits for finalizers and grace", () => {
  expect(isFinished(current)).toBe(true);
  expect(isFinished({ metadata: { deletionTimestamp: "t", finalizers: ["x"] } })).toBe(false);
  expect(isFinished({ metadata: { deletionTimestamp: "t", deletionGracePeriodSeconds: 3 } })).toBe(
    false,
  );
  const namespace = {
    kind: "Namespace",
    metadata: { deletionTimestamp: "t" },
    spec: { finalizers: ["kubernetes"] },
  };
  expect(isFinished(namespace)).toBe(false);
});

test("checkName() and checkPreconditions() refuse", () => {
  expect(() => checkName(kind("Pod"), "A_b")).toThrow("RFC 1123");
  expect(() => checkName(kind("Role"), "system:x")).not.toThrow();
  expect(() => checkPreconditions(kind("Pod"), current, { preconditions: { uid: "x" } })).toThrow(
    "modified",
  );
});
