import { expect, test } from "bun:test";
import { FakeClock } from "../../test/fake/clock.ts";
import { type LineLimits, WaitingLine } from "./waiting-line.ts";

/** A line, and what those who came heard. */
function setup(limits: LineLimits | undefined) {
  const clock = new FakeClock();
  const line = new WaitingLine(clock, limits);
  const heard: string[] = [];
  const come = (name: string) => {
    const waiter = {
      onConnection: () => undefined,
      onConnectFailed: (error: Error) => void heard.push(`${name}: ${error.message}`),
    };
    return [line.add(waiter), waiter] as const;
  };
  return { clock, line, heard, come };
}
const LIMITS = { capacity: 2, failfastMs: 1000 };

test("P40: WaitingLine refuses whom it has no room for", () => {
  const { line, heard, come } = setup(LIMITS);
  expect([come("a")[0], come("b")[0], come("c")[0]]).toEqual([true, true, false]);
  expect(heard).toEqual(["c: queue is full"]);
  line.shift();
  expect(come("d")[0]).toBe(true);
});

test("P39: WaitingLine gives up after its time, and lets nobody wait until there is a connection", () => {
  const { clock, line, heard, come } = setup(LIMITS);
  come("a");
  clock.advance(900);
  come("b");
  clock.advance(100);
  expect(heard).toEqual(["a: service in fail-fast", "b: service in fail-fast"]);
  expect([come("c")[0], heard.at(-1)]).toEqual([false, "c: service in fail-fast"]);
  line.ready();
  expect(come("d")[0]).toBe(true);
});

test("WaitingLine has its time begin anew with each connection, and end with the last who waits", () => {
  const { clock, line, heard, come } = setup(LIMITS);
  come("a");
  come("b");
  clock.advance(900);
  line.ready();
  line.shift();
  clock.advance(900);
  expect([heard, line.length]).toEqual([[], 1]);
  line.take(1);
  expect(clock.nextMs).toBeUndefined();
  const [, waiter] = come("c");
  line.remove(waiter);
  line.remove(waiter);
  expect([clock.nextMs, line.length]).toEqual([undefined, 0]);
});

test("WaitingLine without limits keeps everybody", () => {
  const { clock, line, heard, come } = setup(undefined);
  for (let i = 0; i < 1000; i++) come(String(i));
  clock.advance(3_600_000);
  line.ready();
  expect([line.length, heard, line.take(1000).length, line.length]).toEqual([1000, [], 1000, 0]);
});
