import { expect, test } from "bun:test";
import type { ServerConnection } from "#lib/http-io/exchange.ts";
import { FakeClock } from "../../test/fake/clock.ts";
import { drainConnections } from "./draining.ts";

const NONE = { size: 0 };

function connections(count: number) {
  const drained: number[] = [];
  const all = Array.from({ length: count }, (_, index) => ({
    drain: () => void drained.push(index),
  }));
  return { drained, set: new Set(all as unknown as ServerConnection[]) };
}

/** Lets promises settle between steps of time. */
async function pass(clock: FakeClock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 20) {
    clock.advance(20);
    await Promise.resolve();
    await Promise.resolve();
  }
}

test("P57: every connection is told, and the end is when the last one has gone", async () => {
  const clock = new FakeClock();
  const { drained, set } = connections(3);
  let over = false;
  const done = drainConnections(set, { clock, graceMs: 120_000, relays: NONE }).then(() => {
    over = true;
  });
  expect(drained).toEqual([0, 1, 2]);
  await pass(clock, 1000);
  expect(over).toBe(false);
  set.clear();
  await pass(clock, 40);
  await done;
  expect(over).toBe(true);
});

test("P57: after the grace period nobody is waited for", async () => {
  const clock = new FakeClock();
  const { set } = connections(1);
  let over = false;
  const done = drainConnections(set, { clock, graceMs: 200, relays: NONE }).then(() => {
    over = true;
  });
  await pass(clock, 180);
  expect(over).toBe(false);
  await pass(clock, 60);
  await done;
  expect(set.size).toBe(1);
});

test("P57: a connection that begins to be served meanwhile is told too, each of them once", async () => {
  const clock = new FakeClock();
  const { drained, set } = connections(2);
  const late = [...set].slice(1);
  for (const connection of late) set.delete(connection);
  const done = drainConnections(set, { clock, graceMs: 120_000, relays: NONE });
  await pass(clock, 100);
  for (const connection of late) set.add(connection);
  await pass(clock, 100);
  expect(drained).toEqual([0, 1]);
  set.clear();
  await pass(clock, 40);
  await done;
});

test("P57: connections without requests are waited for too", async () => {
  const clock = new FakeClock();
  const relays = { size: 1 };
  let over = false;
  const done = drainConnections(new Set(), { clock, graceMs: 120_000, relays }).then(() => {
    over = true;
  });
  await pass(clock, 1000);
  expect(over).toBe(false);
  relays.size = 0;
  await pass(clock, 40);
  await done;
});
