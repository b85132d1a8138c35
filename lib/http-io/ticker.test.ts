import { expect, test } from "bun:test";
import { FakeClock } from "../../test/fake/clock.ts";
import { thrownLater } from "../../test/fake/thrown-later.ts";
import { outbox } from "./outbox.ts";
import { REST_LIMIT_MS, TICK_MS, Ticker, type Ticking, tickerOf } from "./ticker.ts";

test("Ticker ticks all its members with one timer, and rests without any", () => {
  const clock = new FakeClock();
  const ticker = new Ticker(clock);
  const seen: string[] = [];
  const leftMs = (): number => 0;
  const one = { leftMs, tick: (ms: number) => void seen.push(`one ${ms}`) };
  const two = {
    leftMs,
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

test("Ticker goes on after members that throw, and with those behind them; each error is heard of", async () => {
  using thrown = thrownLater();
  const clock = new FakeClock();
  const ticker = new Ticker(clock);
  for (const name of ["one", "two"]) ticker.add(throwing(name));
  const behind = counting(60_000);
  ticker.add(behind);
  clock.advance(TICK_MS);
  await Promise.resolve();
  expect([clock.nextMs, behind.spentMs]).toEqual([TICK_MS, TICK_MS]);
  expect(thrown.errors).toEqual([new TypeError("one"), new TypeError("two")]);
});

test("Ticker goes on after a tick that could not write", () => {
  const clock = new FakeClock();
  const ticker = new Ticker(clock);
  const broken = {
    flush: () => {
      throw new TypeError("broken");
    },
  };
  ticker.add({ leftMs: () => 0, tick: () => outbox.mark(broken) });
  expect(() => clock.advance(TICK_MS)).toThrow("broken");
  expect(clock.nextMs).toBe(TICK_MS);
});

test("a member that throws as something stirs ends neither the event nor what comes after it", async () => {
  using thrown = thrownLater();
  const clock = new FakeClock();
  const ticker = new Ticker(clock);
  const behind = counting(60_000);
  ticker.add(throwing("broken", () => clock.now() > 2 * TICK_MS));
  ticker.add(behind);
  // That two came one after the other has stirred it once.
  clock.advance(2 * TICK_MS + 100);
  expect(clock.nextMs).toBe(REST_LIMIT_MS - 100);
  let flushes = 0;
  const marked = { flush: () => void flushes++ };
  for (let event = 1; event <= 2; event++) {
    outbox.enter();
    outbox.mark(marked);
    outbox.leave();
    expect(flushes).toBe(event);
  }
  await Promise.resolve();
  expect(thrown.errors).toEqual([new TypeError("broken")]);
  expect(behind.spentMs).toBe(2 * TICK_MS + 100);
});

test("tickerOf() gives one ticker a clock", () => {
  const clock = new FakeClock();
  expect(tickerOf(clock)).toBe(tickerOf(clock));
  expect(tickerOf(clock)).not.toBe(tickerOf(new FakeClock()));
});

/** A member that throws, once it is time. */
function throwing(message: string, due: () => boolean = () => true): Ticking {
  return {
    leftMs: () => Number.POSITIVE_INFINITY,
    tick: () => {
      if (due()) throw new TypeError(message);
    },
  };
}

/** A member whose limit is so far away, and what it was told. */
function counting(limitMs: number): Ticking & { spentMs: number; ticks: number } {
  return {
    spentMs: 0,
    ticks: 0,
    tick(elapsedMs: number): void {
      this.spentMs += elapsedMs;
      this.ticks++;
    },
    leftMs(): number {
      return limitMs - this.spentMs;
    },
  };
}

test("Ticker rests where nothing happens, tells all time that passes, and ticks before a limit is reached", () => {
  const clock = new FakeClock();
  const ticker = new Ticker(clock);
  const member = counting(20_000);
  ticker.add(member);
  clock.advance(TICK_MS + 3 * REST_LIMIT_MS);
  expect([member.spentMs, member.ticks]).toEqual([clock.now(), 4]);
  clock.advance(20_000 - 1000 - clock.now());
  expect([clock.nextMs, member.spentMs]).toEqual([TICK_MS, clock.now()]);
  clock.advance(1000);
  expect(member.spentMs).toBe(20_000);
});

test.each([
  [
    "an event begins",
    () => {
      outbox.enter();
      outbox.leave();
    },
  ],
  ["something is to be written", () => outbox.markShared({ flush: () => undefined })],
])("Ticker that rests goes on as soon as %s", (_, happen) => {
  const clock = new FakeClock();
  const ticker = new Ticker(clock);
  const member = counting(Number.POSITIVE_INFINITY);
  ticker.add(member);
  clock.advance(TICK_MS);
  expect(clock.nextMs).toBe(REST_LIMIT_MS);
  clock.advance(1234);
  happen();
  expect([member.spentMs, clock.nextMs]).toEqual([TICK_MS + 1234, TICK_MS]);
  clock.advance(TICK_MS);
  expect([member.spentMs, clock.nextMs]).toEqual([2 * TICK_MS + 1234, TICK_MS]);
  clock.advance(TICK_MS);
  expect(clock.nextMs).toBe(REST_LIMIT_MS);
});

test("Ticker that rests tells the time to whom it has, not to one who comes", () => {
  const clock = new FakeClock();
  const ticker = new Ticker(clock);
  const [before, after] = [counting(60_000), counting(60_000)];
  ticker.add(before);
  clock.advance(TICK_MS + 3000);
  ticker.add(after);
  expect([before.spentMs, after.spentMs]).toEqual([TICK_MS + 3000, 0]);
});

test("a member that comes while others are told the time is told its own, and nobody hears it twice", () => {
  const clock = new FakeClock();
  const ticker = tickerOf(clock);
  let told = 0;
  const late = {
    tick: (ms: number): void => {
      told += ms;
    },
    leftMs: () => 1000,
  };
  let came = false;
  ticker.add({
    tick: () => {
      if (!came) ticker.add(late);
      came = true;
    },
    leftMs: () => 1000,
  });
  clock.advance(TICK_MS);
  expect(told).toBe(0);
  clock.advance(10_000);
  expect(told).toBeGreaterThan(10_000 - 2 * TICK_MS);
  expect(told).toBeLessThanOrEqual(10_000);
});
