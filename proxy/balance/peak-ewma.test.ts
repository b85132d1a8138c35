import { expect, test } from "bun:test";
import { isReady, loadOf, PeakEwma, ROW } from "./peak-ewma.ts";

const DECAY_MS = 10_000;

/** One in a row of its own, between two others that nobody must touch. */
const placed = () => {
  const ewma = new PeakEwma({ defaultRttMs: 30, decayMs: DECAY_MS, nowMs: 0 });
  const cells = new Float64Array(3 * ROW).fill(7);
  ewma.moveTo(cells, ROW);
  const load = (nowMs: number) => loadOf(cells, ROW, nowMs, DECAY_MS);
  return { ewma, cells, load };
};

test("P29: the load starts at the default and grows with what is pending", () => {
  const { ewma, load } = placed();
  expect(load(0)).toBe(30);
  ewma.pending += 2;
  expect([load(0), ewma.pending]).toEqual([90, 2]);
});

test("P29: PeakEwma.record() takes a peak at once and blends less in by age", () => {
  const { ewma, load } = placed();
  ewma.record(100, 0);
  expect(load(0)).toBe(100);
  ewma.record(10, 10_000);
  expect(load(10_000)).toBeCloseTo(100 / Math.E + 10 * (1 - 1 / Math.E), 6);
});

test("P29: the load decays while nothing is measured", () => {
  expect(placed().load(10_000)).toBeCloseTo(30 / Math.E, 6);
});

test("P30: PeakEwma.penalize() never makes an endpoint look better", () => {
  const { ewma, load } = placed();
  ewma.penalize(5000, 0);
  expect(load(0)).toBe(5000);
  ewma.penalize(300_000, 0);
  ewma.penalize(5000, 10_000);
  expect(load(10_000)).toBeCloseTo(300_000 / Math.E, 6);
  ewma.record(1, 10_000);
  expect(load(10_000)).toBeCloseTo(300_000 / Math.E, 6);
});

test("P36: PeakEwma.forget() leaves nothing of what was measured", () => {
  const { ewma, load } = placed();
  ewma.record(5000, 0);
  ewma.forget();
  expect(load(0)).toBe(0);
  ewma.record(2, 1);
  expect(load(1)).toBe(2);
});

test("PeakEwma.moveTo() takes all along and leaves its neighbours alone", () => {
  const { ewma, cells } = placed();
  ewma.record(50, 100);
  ewma.pending = 3;
  ewma.ready = false;
  const after = new Float64Array(ROW);
  ewma.moveTo(after, 0);
  expect([ewma.pending, ewma.ready, isReady(after, 0)]).toEqual([3, false, false]);
  expect(loadOf(after, 0, 100, DECAY_MS)).toBe(200);
  ewma.pending = 0;
  expect([...cells.subarray(0, ROW), ...cells.subarray(2 * ROW)]).toEqual(Array(2 * ROW).fill(7));
  expect(loadOf(cells, ROW, 100, DECAY_MS)).toBe(200);
});
