import { expect, test } from "bun:test";
import { PeakEwma } from "./peak-ewma.ts";

const ewma = () => new PeakEwma({ defaultRttMs: 30, decayMs: 10_000, nowMs: 0 });

test("P29: PeakEwma.load() starts at the default and grows with what is pending", () => {
  expect(ewma().load(0, 0)).toBe(30);
  expect(ewma().load(2, 0)).toBe(90);
});

test("P29: PeakEwma.record() takes a peak at once and blends less in by age", () => {
  const load = ewma();
  load.record(100, 0);
  expect(load.load(0, 0)).toBe(100);
  load.record(10, 10_000);
  expect(load.load(0, 10_000)).toBeCloseTo(100 / Math.E + 10 * (1 - 1 / Math.E), 6);
});

test("P29: PeakEwma.load() decays while nothing is measured", () => {
  expect(ewma().load(0, 10_000)).toBeCloseTo(30 / Math.E, 6);
});

test("P30: PeakEwma.penalize() never makes an endpoint look better", () => {
  const load = ewma();
  load.penalize(5000, 0);
  expect(load.load(0, 0)).toBe(5000);
  load.penalize(300_000, 0);
  load.penalize(5000, 10_000);
  expect(load.load(0, 10_000)).toBeCloseTo(300_000 / Math.E, 6);
  load.record(1, 10_000);
  expect(load.load(0, 10_000)).toBeCloseTo(300_000 / Math.E, 6);
});
