import { expect, test } from "bun:test";
import type { ClientConnection } from "#lib/http-io/exchange.ts";
import { FakeClock } from "../../test/fake/clock.ts";
import { fakeTapSubject } from "../../test/fake/tap-subject.ts";
import { Tap, Taps } from "./taps.ts";

const CONNECTION = { version: "HTTP/2" } as ClientConnection;
const SUBJECT = fakeTapSubject();

/** One who looks at so many requests. */
function setup(limit: number, matches = true) {
  const heard: string[] = [];
  const tap = new Tap({
    ...{ base: 0, limit, test: () => matches, headers: false },
    send: () => undefined,
    onEnd: () => void heard.push("end"),
  });
  return { tap, heard };
}

test("P55: Tap takes as many requests as it may, and ends with the last of them", () => {
  const { tap, heard } = setup(2);
  expect([tap.take(SUBJECT), tap.take(SUBJECT), tap.take(SUBJECT)]).toEqual([0, 1, undefined]);
  tap.ended();
  expect(heard).toEqual([]);
  tap.ended();
  expect(heard).toEqual(["end"]);
  expect(setup(2, false).tap.take(SUBJECT)).toBeUndefined();
});

test("P55: Taps leaves a connection as it is where nobody looks at its request", () => {
  const taps = new Taps(new FakeClock());
  expect(taps.active).toBe(false);
  const [one, blind] = [setup(1).tap, setup(1, false).tap];
  taps.add(blind);
  expect([taps.active, taps.watch(CONNECTION, SUBJECT)]).toEqual([true, CONNECTION]);
  taps.add(one);
  expect(taps.watch(CONNECTION, SUBJECT)).not.toBe(CONNECTION);
  expect(taps.watch(CONNECTION, SUBJECT)).toBe(CONNECTION);
  taps.remove(one);
  taps.remove(blind);
  expect(taps.active).toBe(false);
});

test("P55: Taps lets a hundred look at once", () => {
  const taps = new Taps(new FakeClock());
  const all = Array.from({ length: 101 }, () => setup(1).tap);
  expect(all.map((tap) => taps.add(tap)).filter(Boolean)).toHaveLength(100);
});
