import { expect, test } from "bun:test";
import fc from "fast-check";
import { pickOfTwo } from "./p2c.ts";

const candidate = (load: number, ready = true) => ({ ready, load: () => load });
const chances =
  (...values: number[]) =>
  () =>
    values.shift() ?? 0;

test("P29: pickOfTwo() takes the less loaded of two different candidates", () => {
  const candidates = [candidate(5), candidate(1), candidate(9)];
  expect(pickOfTwo(candidates, { nowMs: 0, random: chances(0, 0) })).toBe(candidates[1]);
  expect(pickOfTwo(candidates, { nowMs: 0, random: chances(0.99, 0) })).toBe(candidates[0]);
});

test("P29: pickOfTwo() finds the only ready candidate, or none", () => {
  fc.assert(
    fc.property(
      fc.array(fc.boolean(), { maxLength: 6 }),
      fc.noShrink(fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }))),
      (ready, random) => {
        const candidates = ready.map((each) => candidate(1, each));
        const picked = pickOfTwo(candidates, { nowMs: 0, random: chances(...random) });
        expect(picked?.ready === true).toBe(ready.includes(true));
      },
    ),
  );
});
