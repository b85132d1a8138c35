import { expect, test } from "bun:test";
import { availableIn, isEnded, isGone, isReady } from "./pod-state.ts";

const pod = {
  status: {
    phase: "Running",
    conditions: [{ type: "Ready", status: "True", lastTransitionTime: "1970-01-01T00:00:01Z" }],
  },
};

test("a pod is ready, available after its time, ended or gone", () => {
  expect([isReady(pod), isReady({})]).toEqual([true, false]);
  expect(availableIn(pod, { minReadySeconds: 0, wallMs: 0 })).toBe(0);
  expect(availableIn(pod, { minReadySeconds: 2, wallMs: 1_500 })).toBe(1_500);
  expect(availableIn({}, { minReadySeconds: 0, wallMs: 0 })).toBeUndefined();
  expect([
    isEnded({ status: { phase: "Failed" } }),
    isGone({ metadata: { deletionTimestamp: "t" } }),
    isGone(pod),
  ]).toEqual([true, true, false]);
});
