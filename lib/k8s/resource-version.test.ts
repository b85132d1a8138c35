import { expect, test } from "bun:test";
import { versionOrder } from "./resource-version.ts";

test.each([
  ["9", "10", "before"],
  ["10", "9", "after"],
  ["10", "10", "same"],
  ["18446744073709551615", "18446744073709551614", "after"],
  ["a", "b", "after"],
  ["7", "", "after"],
  ["", "", "after"],
] as const)("versionOrder(%p, %p) is %p", (version, other, order) => {
  expect(versionOrder(version, other)).toBe(order);
});
