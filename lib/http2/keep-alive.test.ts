import { expect, test } from "bun:test";
import { KeepAlive } from "./keep-alive.ts";

const limits = { pendingMs: 1000, idleMs: 10_000, timeoutMs: 1500 };

/** What each of so many ticks of 250 ms says, the quiet ones left out. */
function run(alive: KeepAlive, ticks: number, pending: boolean): string[] {
  const said: string[] = [];
  for (let tick = 1; tick <= ticks; tick++) {
    const what = alive.tick(250, pending);
    if (what !== "nothing") said.push(`${what} at ${tick * 250}`);
  }
  return said;
}

test("KeepAlive pings after pendingMs of silence with streams, and gives up after timeoutMs", () => {
  expect(run(new KeepAlive(limits), 10, true)).toEqual(["ping at 1000", "give-up at 2500"]);
});

test("KeepAlive pings after idleMs without streams", () => {
  expect(run(new KeepAlive(limits), 46, false)).toEqual(["ping at 10000", "give-up at 11500"]);
});

test("KeepAlive takes any bytes for an answer and counts anew", () => {
  const alive = new KeepAlive(limits);
  expect(run(alive, 8, true)).toEqual(["ping at 1000"]);
  alive.heard();
  expect(run(alive, 4, true)).toEqual(["ping at 1000"]);
});

test("KeepAlive does not count the silence before a stream was opened", () => {
  const alive = new KeepAlive(limits);
  expect(run(alive, 30, false)).toEqual([]);
  expect(run(alive, 4, true)).toEqual(["ping at 1000"]);
});

test("KeepAlive tells how long it will say nothing", () => {
  const alive = new KeepAlive(limits);
  alive.tick(250, true);
  expect([alive.leftMs(true), alive.leftMs(false)]).toEqual([750, 9750]);
  expect([alive.tick(750, true), alive.leftMs(true)]).toEqual(["ping", 1500]);
  alive.tick(250, true);
  expect(alive.leftMs(true)).toBe(1250);
});
