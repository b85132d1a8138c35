import { expect, test } from "bun:test";
import { Histogram } from "./histogram.ts";

test("Histogram.observe() counts into the first bucket whose bound is not below", () => {
  const histogram = new Histogram([1, 10]);
  for (const value of [0.5, 1, 2, 11]) histogram.observe(value);
  expect([...histogram.counts]).toEqual([2, 1, 1]);
  expect([histogram.sum, histogram.count]).toEqual([14.5, 4]);
});
