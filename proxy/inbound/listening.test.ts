import { beforeEach, expect, test } from "bun:test";
import type { ServerConnection } from "#lib/http-io/exchange.ts";
import { FakeClock } from "../../test/fake/clock.ts";
import { Listening, LOOK_GAP_MS } from "./listening.ts";

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
  clock.advance(LOOK_GAP_MS);
  listening.onAppEnded(80);
  expect(drained).toEqual([]);
  gone.add(80);
  clock.advance(LOOK_GAP_MS);
  listening.onAppEnded(80);
  expect(drained).toEqual(["a", "b"]);
});

test("an application that ends each of its connections is not looked after each time", () => {
  listening.add(80, caller("a"));
  clock.advance(LOOK_GAP_MS);
  for (let i = 0; i < 100; i++) listening.onAppEnded(80);
  expect(looks).toEqual([80]);
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
