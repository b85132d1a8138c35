import { expect, test } from "bun:test";
import fc from "fast-check";
import { FakeClock } from "../../test/fake/clock.ts";
import { Deadline, DeadlineQueue, DeadlineQueues, UNUSED_QUEUES_LIMIT } from "./deadline-queue.ts";

class Expired {
  readonly seen: string[] = [];
  onDeadline(kind: string): void {
    this.seen.push(kind);
  }
}

test("deadlines expire in the order of their starts, each once, by one timer", () => {
  const clock = new FakeClock();
  const queue = new DeadlineQueue(clock, 100);
  const owner = new Expired();
  const [a, b, c] = [new Deadline(owner, "a"), new Deadline(owner, "b"), new Deadline(owner, "c")];
  queue.start(a);
  clock.advance(10);
  queue.start(b);
  queue.start(c);
  b.stop();
  clock.advance(89);
  expect(owner.seen).toEqual([]);
  clock.advance(1);
  expect([owner.seen, clock.nextMs]).toEqual([["a"], 10]);
  clock.advance(10);
  expect([owner.seen, clock.nextMs]).toEqual([["a", "c"], undefined]);
  c.stop();
});

test("a deadline that is started again is due later, whether others follow it or not", () => {
  const clock = new FakeClock();
  const queue = new DeadlineQueue(clock, 100);
  const owner = new Expired();
  const [idle, other] = [new Deadline(owner, "idle"), new Deadline(owner, "other")];
  for (let chunk = 0; chunk < 5; chunk++) {
    queue.start(idle);
    clock.advance(60);
  }
  queue.start(other);
  queue.start(idle);
  clock.advance(99);
  expect(owner.seen).toEqual([]);
  clock.advance(1);
  expect(owner.seen).toEqual(["other", "idle"]);
});

test("a deadline that is started in another queue leaves the first", () => {
  const clock = new FakeClock();
  const owner = new Expired();
  const deadline = new Deadline(owner, "x");
  new DeadlineQueue(clock, 10).start(deadline);
  new DeadlineQueue(clock, 20).start(deadline);
  clock.advance(19);
  expect(owner.seen).toEqual([]);
  clock.advance(1);
  expect(owner.seen).toEqual(["x"]);
});

test("what an owner starts when it expires is kept, and times beyond any timer are no busy loop", () => {
  const clock = new FakeClock();
  const queue = new DeadlineQueue(clock, 40 * 24 * 60 * 60 * 1000);
  let left = 2;
  const deadline: Deadline<string> = new Deadline(
    { onDeadline: () => void (--left > 0 && queue.start(deadline)) },
    "again",
  );
  queue.start(deadline);
  expect(clock.nextMs).toBeLessThan(2 ** 31);
  clock.advance(queue.afterMs - 1);
  expect(left).toBe(2);
  clock.advance(1 + queue.afterMs);
  expect([left, clock.nextMs]).toEqual([0, undefined]);
});

test("any starts and stops: what expires, and when, is what a list of times says", () => {
  const step = fc.record({
    who: fc.nat(4),
    what: fc.constantFrom("start", "stop"),
    ms: fc.nat(30),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const clock = new FakeClock();
      const queue = new DeadlineQueue(clock, 50);
      const seen: string[] = [];
      const wanted: string[] = [];
      const due = new Map<number, number>();
      const all = Array.from(
        { length: 5 },
        (_, who) =>
          new Deadline({ onDeadline: () => void seen.push(`${who} at ${clock.now()}`) }, `${who}`),
      );
      const pass = (ms: number): void => {
        const untilMs = clock.now() + ms;
        const expired = [...due].filter(([, atMs]) => atMs <= untilMs).sort((a, b) => a[1] - b[1]);
        for (const [who, atMs] of expired) {
          wanted.push(`${who} at ${atMs}`);
          due.delete(who);
        }
        clock.advance(ms);
      };
      for (const { who, what, ms } of steps) {
        due.delete(who);
        if (what === "start") {
          due.set(who, clock.now() + 50);
          queue.start(all[who] as Deadline);
        } else all[who]?.stop();
        pass(ms);
      }
      pass(100);
      expect(seen).toEqual(wanted);
      expect(clock.nextMs).toBeUndefined();
    }),
  );
});

test("DeadlineQueues shares queues by their time and forgets those that are empty", () => {
  const queues = new DeadlineQueues(new FakeClock());
  const deadline = new Deadline(new Expired(), "x");
  expect(queues.of(5)).toBe(queues.of(5));
  queues.of(5).start(deadline);
  queues.of(6).start(new Deadline(new Expired(), "y"));
  expect(queues.size).toBe(2);
  deadline.stop();
  expect(queues.size).toBe(1);
});

test("DeadlineQueues keeps so many queues that nobody ever stood in, and all that somebody stands in", () => {
  const queues = new DeadlineQueues(new FakeClock());
  const used = 10;
  for (let ms = 1; ms <= used; ms++) queues.of(ms).start(new Deadline(new Expired(), "x"));
  for (let ms = 1; ms <= 5 * UNUSED_QUEUES_LIMIT; ms++) queues.of(ms);
  expect(queues.size).toBeLessThanOrEqual(used + UNUSED_QUEUES_LIMIT);
  expect(queues.of(used).isEmpty).toBe(false);
});
