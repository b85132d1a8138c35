import { expect, test } from "bun:test";
import { DeadlineQueue } from "#lib/stack/deadline-queue.ts";
import { FakeClock } from "../../test/fake/clock.ts";
import { type LimitKind, RequestLimits } from "./request-limits.ts";

class Bed {
  readonly clock = new FakeClock();
  readonly seen: string[] = [];
  readonly limits: RequestLimits;

  constructor(times: Readonly<Partial<Record<LimitKind, number>>>) {
    const queue = (ms: number | undefined) => ms && new DeadlineQueue(this.clock, ms);
    this.limits = new RequestLimits(
      { onDeadline: (kind) => void this.seen.push(`${kind} at ${this.clock.now()}`) },
      {
        request: queue(times.request) || undefined,
        response: queue(times.response) || undefined,
        idle: queue(times.idle) || undefined,
        headers: queue(times.headers) || undefined,
        profile: queue(times.profile) || undefined,
      },
    );
  }
}

test("P35: the time of a request begins with it and goes on through its attempts", () => {
  const { clock, limits, seen } = new Bed({ request: 100 });
  clock.advance(40);
  limits.sent(true, false);
  limits.retried();
  limits.sent(true, true);
  limits.answered();
  clock.advance(100);
  expect(seen).toEqual(["request at 100"]);
});

test("P35: the time of an answer begins when the request is whole, or with the answer where that comes first", () => {
  const late = new Bed({ response: 100 });
  late.limits.sent(false, true);
  late.clock.advance(500);
  late.limits.flushed();
  late.clock.advance(50);
  late.limits.answered();
  late.clock.advance(50);
  expect(late.seen).toEqual(["response at 600"]);
  const early = new Bed({ response: 100 });
  early.limits.sent(false, true);
  early.clock.advance(500);
  early.limits.answered();
  early.clock.advance(50);
  early.limits.flushed();
  early.clock.advance(100);
  expect(early.seen).toEqual(["response at 600"]);
});

test("P35: the time between chunks begins with the attempt and with every chunk", () => {
  const { clock, limits, seen } = new Bed({ idle: 100 });
  limits.moved();
  clock.advance(500);
  limits.sent(false, true);
  for (let chunk = 0; chunk < 3; chunk++) {
    clock.advance(99);
    limits.moved();
  }
  clock.advance(99);
  limits.answered();
  clock.advance(100);
  expect(seen).toEqual(["idle at 996"]);
});

test("P33: an attempt after which another may come has a time for its head, the last one has none", () => {
  const { clock, limits, seen } = new Bed({ headers: 100 });
  limits.sent(true, false);
  clock.advance(100);
  expect(seen).toEqual(["headers at 100"]);
  limits.retried();
  limits.sent(false, false);
  limits.flushed();
  clock.advance(99);
  limits.answered();
  limits.retried();
  limits.sent(true, true);
  clock.advance(500);
  expect(seen).toHaveLength(1);
});

test("P34: the time of a ServiceProfile is over when an answer begins, whichever attempt it is of", () => {
  const late = new Bed({ profile: 100 });
  late.limits.sent(true, false);
  late.limits.retried();
  late.clock.advance(100);
  expect(late.seen).toEqual(["profile at 100"]);
  const intime = new Bed({ profile: 100 });
  intime.limits.sent(true, true);
  intime.limits.answered();
  intime.clock.advance(500);
  intime.limits.stop();
  expect(intime.seen).toEqual([]);
});

test("P35: nothing is due after the end, nor of an attempt after another one has begun", () => {
  const { clock, limits, seen } = new Bed({ request: 100, response: 50, idle: 50 });
  limits.sent(true, true);
  limits.retried();
  clock.advance(60);
  limits.sent(true, true);
  limits.stop();
  clock.advance(500);
  expect(seen).toEqual([]);
});
