import { expect, test } from "bun:test";
import fc from "fast-check";
import { Histogram } from "./histogram.ts";

test("Histogram tells quantiles to three digits, and the largest value exactly", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 2 ** 32 - 1 }), { minLength: 1, maxLength: 50 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (values, share) => {
        const histogram = new Histogram();
        for (const value of values) histogram.record(value);
        const sorted = values.toSorted((a, b) => a - b);
        const exact = sorted[Math.max(0, Math.ceil(share * values.length) - 1)] ?? 0;
        const found = histogram.quantile(share);
        expect(found).toBeGreaterThanOrEqual(exact);
        expect(found - exact).toBeLessThanOrEqual(exact / 1000);
        expect(histogram.max).toBe(sorted.at(-1) ?? 0);
      },
    ),
    { numRuns: 1000 },
  );
});

test("Histogram counts what is above a value, and begins anew", () => {
  const histogram = new Histogram();
  for (const value of [0.4, 5, 700, 701, 5_000_000]) histogram.record(value);
  expect([histogram.count, histogram.above(700), histogram.mean]).toEqual([5, 2, 1_000_281.2]);
  histogram.clear();
  expect([histogram.count, histogram.quantile(0.5), histogram.max, histogram.mean]).toEqual([
    0, 0, 0, 0,
  ]);
});
