import { expect, test } from "bun:test";
import { FakeClock } from "../../test/fake/clock.ts";
import { TICK_MS, Ticker, tickerOf } from "./ticker.ts";

test("Ticker ticks all its members with one timer, and rests without any", () => {
  const clock = new FakeClock();
  const ticker = new Ticker(clock);
  const seen: string[] = [];
  const one = { tick: (ms: number) => void seen.push(`one ${ms}`) };
  const two = {
    tick: () => {
      seen.push("two");
      ticker.delete(two);
    },
  };
  ticker.add(one);
  ticker.add(two);
  clock.advance(TICK_MS);
  clock.advance(TICK_MS);
  expect(seen).toEqual([`one ${TICK_MS}`, "two", `one ${TICK_MS}`]);
  ticker.delete(one);
  clock.advance(TICK_MS);
  expect(clock.nextMs).toBeUndefined();
  ticker.add(one);
  expect(clock.nextMs).toBe(TICK_MS);
});

test("Ticker goes on after a member that throws", () => {
  const clock = new FakeClock();
  const ticker = new Ticker(clock);
  ticker.add({
    tick: () => {
      throw new TypeError("broken");
    },
  });
  expect(() => clock.advance(TICK_MS)).toThrow("broken");
  expect(clock.nextMs).toBe(TICK_MS);
});

test("tickerOf() gives one ticker a clock", () => {
  const clock = new FakeClock();
  expect(tickerOf(clock)).toBe(tickerOf(clock));
  expect(tickerOf(clock)).not.toBe(tickerOf(new FakeClock()));
});
