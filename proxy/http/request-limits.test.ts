import { expect, test } from "bun:test";
import fc from "fast-check";
import { Alarms } from "#lib/stack/alarms.ts";
import { FakeClock } from "../../test/fake/clock.ts";
import {
  type GivenTimes,
  RequestLimits,
  type RequestTimes,
  requestTimes,
} from "./request-limits.ts";

class Bed {
  readonly clock = new FakeClock();
  readonly seen: string[] = [];
  readonly limits: RequestLimits;

  constructor(given: GivenTimes) {
    this.limits = new RequestLimits(
      { onDeadline: (kind) => void this.seen.push(`${kind} at ${this.clock.now()}`) },
      requestTimes(given) as RequestTimes,
      new Alarms(this.clock),
    );
  }
}

test("P35: the time of a request begins with it and goes on through its attempts", () => {
  const { clock, limits, seen } = new Bed({ requestMs: 100 });
  clock.advance(40);
  limits.sent(true, false);
  limits.retried();
  limits.sent(true, true);
  limits.answered();
  clock.advance(100);
  expect(seen).toEqual(["request at 100"]);
});

test("P35: the time of an answer begins when the request is whole, or with the answer where that comes first", () => {
  const late = new Bed({ responseMs: 100 });
  late.limits.sent(false, true);
  late.clock.advance(500);
  late.limits.flushed(false);
  late.clock.advance(50);
  late.limits.answered();
  late.clock.advance(50);
  expect(late.seen).toEqual(["response at 600"]);
  const early = new Bed({ responseMs: 100 });
  early.limits.sent(false, true);
  early.clock.advance(500);
  early.limits.answered();
  early.clock.advance(50);
  early.limits.flushed(false);
  early.clock.advance(100);
  expect(early.seen).toEqual(["response at 600"]);
});

test("P35: the time between chunks begins with the attempt and with every chunk", () => {
  const { clock, limits, seen } = new Bed({ idleMs: 100 });
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
  const { clock, limits, seen } = new Bed({ headersMs: 100 });
  limits.sent(true, false);
  clock.advance(100);
  expect(seen).toEqual(["headers at 100"]);
  limits.retried();
  limits.sent(false, false);
  limits.flushed(false);
  clock.advance(99);
  limits.answered();
  limits.retried();
  limits.sent(true, true);
  clock.advance(500);
  expect(seen).toHaveLength(1);
});

test("P34: the time of a ServiceProfile is over when an answer begins, whichever attempt it is of", () => {
  const late = new Bed({ profileMs: 100 });
  late.limits.sent(true, false);
  late.limits.retried();
  late.clock.advance(100);
  expect(late.seen).toEqual(["profile at 100"]);
  const intime = new Bed({ profileMs: 100 });
  intime.limits.sent(true, true);
  intime.limits.answered();
  intime.clock.advance(500);
  intime.limits.stop();
  expect(intime.seen).toEqual([]);
});

test("P35: nothing is due after the end, nor of an attempt after another one has begun", () => {
  const { clock, limits, seen } = new Bed({ requestMs: 100, responseMs: 50, idleMs: 50 });
  limits.sent(true, true);
  limits.retried();
  clock.advance(60);
  limits.sent(true, true);
  limits.stop();
  clock.advance(500);
  expect(seen).toEqual([]);
});

test("P35: whoever takes longer than its shortest time is still due at each of the others, to the millisecond", () => {
  const { clock, limits, seen } = new Bed({
    idleMs: 30,
    headersMs: 100,
    responseMs: 1000,
    requestMs: 4321,
  });
  limits.sent(true, false);
  for (let chunk = 0; chunk < 5; chunk++) {
    clock.advance(29);
    limits.moved();
  }
  clock.advance(5000);
  expect(seen).toEqual(["headers at 100", "idle at 175", "response at 1000", "request at 4321"]);
  expect(clock.nextMs).toBeUndefined();
});

test("P35: what begins late and is short is due before what the alarm was set for", () => {
  const { clock, limits, seen } = new Bed({ requestMs: 1000, idleMs: 30 });
  clock.advance(500);
  limits.sent(false, true);
  clock.advance(30);
  expect(seen).toEqual(["idle at 530"]);
});

test("requestTimes are none where nothing is given, and know the shortest", () => {
  expect(requestTimes({})).toBeUndefined();
  expect(requestTimes({ idleMs: undefined })).toBeUndefined();
  expect(requestTimes({ idleMs: 7, requestMs: 9 })).toMatchObject({
    shortestMs: 7,
    headersMs: Number.POSITIVE_INFINITY,
  });
});

test("P35: any events of a request: what is due, and when, is what each time's own rule says", () => {
  const step = fc.record({
    what: fc.constantFrom("sent", "flushed", "moved", "headed", "answered", "retried", "stop"),
    ms: fc.nat(70),
  });
  const time = fc.option(fc.integer({ min: 1, max: 90 }), { nil: undefined });
  const times = fc.record({ requestMs: time, responseMs: time, idleMs: time, headersMs: time });
  fc.assert(
    fc.property(times, fc.array(step, { maxLength: 12 }), (given, steps) => {
      if (requestTimes(given) === undefined) return;
      const { clock, limits, seen } = new Bed(given);
      const model = new Model(given);
      for (const { what, ms } of steps) {
        if (what === "sent") limits.sent(false, false);
        else if (what === "flushed") limits.flushed(false);
        else limits[what]();
        model.happened(what);
        clock.advance(ms);
        model.passed(ms);
      }
      clock.advance(1000);
      model.passed(1000);
      expect(seen.toSorted()).toEqual(model.wanted.toSorted());
    }),
  );
});

/** The same by a list of what is due. */
class Model {
  readonly wanted: string[] = [];
  readonly #given: GivenTimes;
  readonly #due = new Map<"request" | "response" | "idle" | "headers", number>();
  #nowMs = 0;
  #headDone = false;

  constructor(given: GivenTimes) {
    this.#given = given;
    this.#start("request");
  }

  happened(what: string): void {
    const begun = (kind: "response" | "idle"): boolean => this.#due.has(kind);
    if (what === "sent") {
      this.#headDone = false;
      this.#start("idle");
    }
    if (what === "flushed" && !this.#headDone) this.#start("headers");
    if ((what === "flushed" || what === "answered") && !begun("response")) this.#start("response");
    if ((what === "moved" || what === "answered") && begun("idle")) this.#start("idle");
    if (what === "headed" || what === "answered") {
      this.#headDone = true;
      this.#due.delete("headers");
    }
    if (what === "retried")
      for (const kind of ["response", "idle", "headers"] as const) this.#due.delete(kind);
    if (what === "stop") this.#due.clear();
  }

  passed(ms: number): void {
    this.#nowMs += ms;
    for (const [kind, due] of this.#due)
      if (due <= this.#nowMs) {
        this.wanted.push(`${kind} at ${due}`);
        this.#due.delete(kind);
      }
  }

  #start(kind: "request" | "response" | "idle" | "headers"): void {
    const ms = this.#given[`${kind}Ms`];
    if (ms !== undefined) this.#due.set(kind, this.#nowMs + ms);
  }
}

test("P33: a request that turns out to go out once, when it is whole, has no time for its head", () => {
  const { clock, limits, seen } = new Bed({ headersMs: 100 });
  limits.sent(false, false);
  limits.flushed(true);
  clock.advance(500);
  expect(seen).toEqual([]);
});
