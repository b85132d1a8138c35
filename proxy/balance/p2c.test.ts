import { expect, test } from "bun:test";
import fc from "fast-check";
import { LoadTable } from "./p2c.ts";
import { PeakEwma } from "./peak-ewma.ts";

const candidate = (rttMs: number, ready = true) => {
  const ewma = new PeakEwma({ defaultRttMs: rttMs, decayMs: 10_000, nowMs: 0 });
  ewma.ready = ready;
  return ewma;
};
const tableOf = (...loads: PeakEwma[]) => {
  const table = new LoadTable(10_000);
  table.arrange(loads);
  return table;
};
const chances =
  (...values: number[]) =>
  () =>
    values.shift() ?? 0;

test("P29: LoadTable.pickOfTwo() takes the less loaded of two different candidates", () => {
  const table = tableOf(candidate(5), candidate(1), candidate(9));
  expect(table.pickOfTwo(0, chances(0, 0))).toBe(1);
  expect(table.pickOfTwo(0, chances(0.99, 0))).toBe(0);
});

test("P29: LoadTable.pickOfTwo() finds the only ready candidate, or none", () => {
  fc.assert(
    fc.property(
      fc.array(fc.boolean(), { maxLength: 6 }),
      fc.noShrink(fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }))),
      (ready, random) => {
        const table = tableOf(...ready.map((each) => candidate(1, each)));
        const picked = table.pickOfTwo(0, chances(...random));
        expect(ready[picked] ?? false).toBe(ready.includes(true));
      },
    ),
  );
});

test("LoadTable.arrange() keeps what is under way while endpoints come and go", () => {
  const [first, second, third] = [candidate(1), candidate(1), candidate(1)];
  const table = tableOf(first, second);
  first.pending = 5;
  second.pending = 1;
  table.arrange([third, first, second]);
  third.pending = 9;
  expect([first.pending, second.pending, third.pending]).toEqual([5, 1, 9]);
  expect(table.pickOfTwo(0, chances(0.4, 0.5))).toBe(2);
  expect(table.pickOfTwo(0, chances(0, 0))).toBe(1);
});
