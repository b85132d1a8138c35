import { expect, test } from "bun:test";
import { byAge } from "./route.ts";

test("byAge() puts the older first, then goes by namespace and name", () => {
  const at = (createdMs: number, namespace: string, name: string) => ({
    createdMs,
    namespace,
    name,
  });
  const ordered = [at(1, "z", "z"), at(2, "a", "b"), at(2, "b", "a"), at(2, "b", "b")];
  expect([...ordered].reverse().sort(byAge)).toEqual(ordered);
  expect(byAge(at(1, "a", "a"), at(1, "a", "a"))).toBe(0);
});
