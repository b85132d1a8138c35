import { expect, test } from "bun:test";
import { nextStep, type RolloutRequest, type RolloutSet } from "./rollout.ts";

const set = (name: string, desired: number, available: number = desired): RolloutSet => ({
  name,
  desired,
  available,
});
const request = (over: Partial<RolloutRequest> = {}): RolloutRequest => ({
  replicas: 4,
  recreate: false,
  maxSurge: "25%",
  maxUnavailable: "25%",
  ...over,
});
const step = (newest: RolloutSet, old: RolloutSet[], over: Partial<RolloutRequest> = {}) =>
  Object.fromEntries(
    nextStep(request(over), {
      newest,
      old,
      oldPods: old.reduce((sum, { desired }) => sum + desired, 0),
    }),
  );

test("nextStep() keeps within surge and unavailable", () => {
  expect(step(set("new", 0), [])).toEqual({ new: 4 });
  expect(step(set("new", 0), [set("old", 4)])).toEqual({ new: 1, old: 3 });
  expect(step(set("new", 1, 0), [set("old", 3)])).toEqual({ new: 2 });
  expect(step(set("new", 2), [set("old", 3)])).toEqual({ old: 1 });
  expect(step(set("new", 4), [set("old", 1)])).toEqual({ old: 0 });
  expect(step(set("new", 4), [])).toEqual({});
  expect(step(set("new", 6), [])).toEqual({ new: 4 });
  expect(step(set("new", 0), [set("old", 4)], { maxSurge: 0, maxUnavailable: 0 })).toEqual({
    old: 3,
  });
});

test("nextStep() gives up pods that never became available first", () => {
  expect(step(set("new", 1, 0), [set("old", 4, 2)])).toMatchObject({ old: 2 });
});

test("nextStep() recreates when the last old pod is gone", () => {
  expect(step(set("new", 0), [set("old", 4)], { recreate: true })).toEqual({ old: 0 });
  expect(step(set("new", 0), [set("old", 0)], { recreate: true })).toEqual({ new: 4 });
});
