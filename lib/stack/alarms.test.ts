import { expect, test } from "bun:test";
import fc from "fast-check";
import { FakeClock } from "../../test/fake/clock.ts";
import { Alarm, Alarms } from "./alarms.ts";

/** Rings until it is due, as whoever has times does. */
class Due extends Alarm {
  rings = 0;
  #dueMs = 0;
  readonly #alarms: Alarms;
  readonly #onDue: (atMs: number) => void;

  constructor(alarms: Alarms, onDue: (atMs: number) => void) {
    super();
    this.#alarms = alarms;
    this.#onDue = onDue;
  }

  start(ms: number): void {
    this.#dueMs = this.#alarms.now() + ms;
    this.#alarms.set(this, ms);
  }

  rung(nowMs: number): void {
    this.rings++;
    if (nowMs < this.#dueMs) this.#alarms.set(this, this.#dueMs - nowMs);
    else this.#onDue(nowMs);
  }
}

/** A clock, its alarms, and when those of whoever is added were due. */
function bed() {
  const clock = new FakeClock();
  const alarms = new Alarms(clock);
  const seen: number[] = [];
  return { clock, alarms, seen, due: () => new Due(alarms, (atMs) => seen.push(atMs)) };
}

const HOUR_MS = 60 * 60 * 1000;

test("an alarm rings when it is due, before that a few times at most, and never after it was silenced", () => {
  const clock = new FakeClock();
  const alarms = new Alarms(clock);
  const seen: number[] = [];
  const [kept, silenced] = [
    new Due(alarms, (atMs) => seen.push(atMs)),
    new Due(alarms, () => seen.push(-1)),
  ];
  kept.start(10_000);
  silenced.start(10_000);
  expect(kept.ringsMs).toBe(8192);
  clock.advance(9999);
  expect([seen, kept.rings <= 14]).toEqual([[], true]);
  silenced.silence();
  clock.advance(1);
  expect([seen, clock.nextMs]).toEqual([[10_000], undefined]);
  silenced.silence();
});

test("alarms of one wait share a timer, and one that is set anew rings once", () => {
  const clock = new FakeClock();
  const alarms = new Alarms(clock);
  const seen: string[] = [];
  const [a, b] = ["a", "b"].map(
    (name) => new Due(alarms, (atMs) => seen.push(`${name} at ${atMs}`)),
  );
  a?.start(64);
  clock.advance(10);
  b?.start(64);
  a?.start(64);
  expect(clock.nextMs).toBe(54);
  clock.advance(200);
  expect([seen, clock.nextMs]).toEqual([["b at 74", "a at 74"], undefined]);
});

test("an alarm that is set anew while others ring does not make those behind it wait", () => {
  const { clock, alarms, seen, due } = bed();
  const again: Due = new Due(alarms, () => again.start(64));
  const soon = due();
  again.start(64);
  clock.advance(1);
  soon.start(65);
  clock.advance(200);
  expect(seen).toEqual([66]);
});

test("one that throws when it rings leaves the others theirs", () => {
  const { clock, alarms, seen, due } = bed();
  const bad = new Due(alarms, () => {
    throw new Error("bad");
  });
  const good = due();
  bad.start(64);
  good.start(64);
  expect(() => clock.advance(64)).toThrow("bad");
  clock.advance(64);
  expect(seen).toEqual([65]);
});

test("a fraction of a millisecond is one, and waits beyond any timer are no busy loop", () => {
  const { clock, seen, due: add } = bed();
  const due = add();
  due.start(0.25);
  clock.advance(1);
  expect(seen).toEqual([1]);
  due.start(40 * 24 * HOUR_MS);
  expect(clock.nextMs).toBeLessThan(2 ** 31);
  clock.advance(40 * 24 * HOUR_MS - 1);
  expect([seen.length, due.rings < 100]).toEqual([1, true]);
  clock.advance(1);
  expect([seen.length, clock.nextMs]).toEqual([2, undefined]);
});

test("any alarms that are set and silenced: what is due, and when, is what a list of times says", () => {
  const step = fc.record({ who: fc.nat(4), ms: fc.option(fc.nat(200)), passMs: fc.nat(90) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const clock = new FakeClock();
      const alarms = new Alarms(clock);
      const seen: string[] = [];
      const wanted: string[] = [];
      const due = new Map<number, number>();
      const all = Array.from(
        { length: 5 },
        (_, who) => new Due(alarms, (atMs) => seen.push(`${who} at ${atMs}`)),
      );
      const pass = (ms: number): void => {
        clock.advance(ms);
        for (const [who, atMs] of due) {
          if (atMs > clock.now()) continue;
          wanted.push(`${who} at ${atMs}`);
          due.delete(who);
        }
      };
      for (const { who, ms, passMs } of steps) {
        due.delete(who);
        all[who]?.silence();
        if (ms !== null) {
          due.set(who, clock.now() + Math.max(1, ms));
          all[who]?.start(Math.max(1, ms));
        }
        pass(passMs);
      }
      pass(300);
      expect(seen.toSorted()).toEqual(wanted.toSorted());
      expect(clock.nextMs).toBeUndefined();
    }),
  );
});
