import { beforeEach, expect, test } from "bun:test";
import type { ServerConnection } from "#lib/http-io/exchange.ts";
import { FakeClock } from "../../test/fake/clock.ts";
import { Listening } from "./listening.ts";

let clock: FakeClock;
let gone: Set<number>;
let looks: number[];
let drained: string[];
let listening: Listening;

beforeEach(() => {
  clock = new FakeClock();
  [gone, looks, drained] = [new Set(), [], []];
  const isListenedOn = (port: number): boolean => {
    looks.push(port);
    return !gone.has(port);
  };
  listening = new Listening({ clock, isListenedOn });
});

const caller = (name: string): ServerConnection =>
  ({ drain: () => void drained.push(name) }) as unknown as ServerConnection;

test("when the application has ended a connection and nobody listens, all callers of that port go", () => {
  listening.add(80, caller("a"));
  listening.add(80, caller("b"));
  listening.add(81, caller("c"));
  listening.onAppEnded(80);
  expect(drained).toEqual([]);
  clock.advance(100);
  gone.add(80);
  listening.onAppEnded(80);
  expect(drained).toEqual(["a", "b"]);
});

test.each([10, 50])(
  "a listener that goes up to %d ms after the connections is missed then",
  (ms) => {
    listening.add(80, caller("a"));
    listening.onAppEnded(80);
    clock.advance(ms - 1);
    gone.add(80);
    expect(drained).toEqual([]);
    clock.advance(1);
    expect(drained[0]).toBe("a");
  },
);

test("an application that ends each of its connections is looked after now and then, not each time", () => {
  listening.add(80, caller("a"));
  for (let ms = 0; ms < 100; ms++) {
    for (let i = 0; i < 50; i++) listening.onAppEnded(80);
    clock.advance(1);
  }
  expect(looks.length).toBeGreaterThan(5);
  expect(looks.length).toBeLessThan(15);
});

test("where no caller from outside is kept nobody looks, neither then nor by time", () => {
  const a = caller("a");
  listening.add(80, a);
  listening.delete(80, a);
  listening.delete(80, a);
  listening.onAppEnded(80);
  clock.advance(10_000);
  expect(looks).toEqual([]);
});

test("a listener that went without a word is missed by the next tick", () => {
  listening.add(80, caller("a"));
  gone.add(80);
  clock.advance(250);
  expect(drained).toEqual(["a"]);
});
