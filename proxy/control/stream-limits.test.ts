import { expect, test } from "bun:test";
import { ENDLESS, patience } from "./stream-limits.ts";

const limits = { initialMs: 3, idleMs: 10, lifetimeMs: 100 };

test.each([
  [limits, { begun: false, ageMs: 0 }, 3],
  [limits, { begun: true, ageMs: 50 }, 10],
  [limits, { begun: true, ageMs: 95 }, 5],
  [limits, { begun: true, ageMs: 120 }, 0],
  [{ ...limits, lifetimeMs: undefined }, { begun: true, ageMs: 1000 }, 10],
  [{ ...limits, idleMs: undefined }, { begun: true, ageMs: 40 }, 60],
  [{ ...limits, initialMs: undefined }, { begun: false, ageMs: 0 }, 10],
  [ENDLESS, { begun: false, ageMs: 1000 }, undefined],
])("patience() of %p at %p is %p", (these, at, left) => {
  expect(patience(these, at)).toBe(left as number);
});
