import { expect, test } from "bun:test";
import { rfc3339, sameJson, setCondition } from "./status.ts";

test("setCondition() moves the transition time with the status alone", () => {
  const first = setCondition(undefined, { type: "A", status: "True", reason: "x", now: "1" });
  expect(first).toMatchObject([{ type: "A", lastTransitionTime: "1", lastUpdateTime: "1" }]);
  expect(setCondition(first, { type: "A", status: "True", reason: "x", now: "2" })).toEqual(first);
  expect(setCondition(first, { type: "A", status: "True", reason: "y", now: "2" })).toMatchObject([
    { lastTransitionTime: "1", lastUpdateTime: "2" },
  ]);
  expect(setCondition(first, { type: "A", status: "False", now: "3" })).toMatchObject([
    { lastTransitionTime: "3" },
  ]);
});

test("sameJson() minds neither order nor what is undefined", () => {
  expect(sameJson({ a: 1, b: undefined }, { a: 1 })).toBe(true);
  expect(sameJson({ a: [1, 2] }, { a: [2, 1] })).toBe(false);
  expect(rfc3339(1_500)).toBe("1970-01-01T00:00:01Z");
});
