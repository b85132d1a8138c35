import { expect, test } from "bun:test";
import { FakeClock } from "../../test/fake/clock.ts";
import { REST_INTERVAL_MS, REST_SHARE, WORK_SECONDS, whenAtRest } from "./rest.ts";

/** A process that takes so many seconds of CPU time in each interval; says in which of them it was told to rest. */
function restsOf(...taken: readonly number[]): number[] {
  const clock = new FakeClock();
  let cpu = 3;
  let rests = 0;
  whenAtRest({ clock, cpuSeconds: () => cpu }, () => {
    rests++;
    cpu += WORK_SECONDS;
  });
  return taken.map((seconds) => {
    cpu += seconds;
    const before = rests;
    clock.advance(REST_INTERVAL_MS);
    return rests - before;
  });
}

const LITTLE = (REST_INTERVAL_MS / 1000) * REST_SHARE;

test("whenAtRest() tells once that a process rests after work", () => {
  expect(restsOf(0, 2, 3, LITTLE / 2, 0, 0)).toEqual([0, 0, 0, 1, 0, 0]);
  expect(restsOf(2, 0, 2, 0)).toEqual([0, 1, 0, 1]);
});

test("whenAtRest() gathers work until it is worth it", () => {
  const some = WORK_SECONDS / 2;
  expect(restsOf(some, 0, 0, some, 0)).toEqual([0, 0, 0, 0, 1]);
});

test("whenAtRest() takes less than a hundredth of the time for rest, and no more", () => {
  expect(restsOf(...Array.from({ length: 100 }, () => LITTLE / 2)).includes(1)).toBe(false);
  expect(restsOf(2, LITTLE * 1.1, 0)).toEqual([0, 0, 1]);
});
