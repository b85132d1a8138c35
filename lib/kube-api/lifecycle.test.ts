import { expect, test } from "bun:test";
import { BUILT_IN } from "./kinds.ts";
import { afterDelete } from "./lifecycle.ts";

const kind = (name: string) => {
  const found = BUILT_IN.find((each) => each.kind === name);
  if (found === undefined) throw new Error(name);
  return found;
};

test("afterDelete() gives a pod with a node its grace, shortened by a second deletion", () => {
  const pod = {
    metadata: { name: "a" },
    spec: { nodeName: "n", terminationGracePeriodSeconds: 5 },
  };
  const first = afterDelete(kind("Pod"), pod, { wallMs: 0 });
  expect(first.metadata).toMatchObject({
    deletionTimestamp: "1970-01-01T00:00:05Z",
    deletionGracePeriodSeconds: 5,
  });
  const second = afterDelete(kind("Pod"), first, { wallMs: 0, gracePeriodSeconds: 1 });
  expect(second.metadata.deletionGracePeriodSeconds).toBe(1);
  expect(afterDelete(kind("Pod"), first, { wallMs: 9, gracePeriodSeconds: 9 }).metadata).toEqual(
    first.metadata,
  );
  expect(
    afterDelete(kind("Pod"), first, { wallMs: 0, gracePeriodSeconds: 0 }).metadata
      .deletionTimestamp,
  ).toBeUndefined();
  const ended = { ...pod, status: { phase: "Succeeded" } };
  expect(afterDelete(kind("Pod"), ended, { wallMs: 0 }).metadata.deletionTimestamp).toBeUndefined();
});

test("afterDelete() adds the finalizer of a policy", () => {
  const set = { metadata: { name: "a" } };
  const finalizers = (propagationPolicy: string) =>
    afterDelete(kind("ReplicaSet"), set, { wallMs: 0, propagationPolicy }).metadata.finalizers;
  expect([finalizers("Foreground"), finalizers("Orphan"), finalizers("Background")]).toEqual([
    ["foregroundDeletion"],
    ["orphan"],
    undefined,
  ]);
});

test("afterDelete() leaves a namespace until it is empty", () => {
  expect(afterDelete(kind("Namespace"), { metadata: {} }, { wallMs: 0 })).toMatchObject({
    status: { phase: "Terminating" },
  });
});
