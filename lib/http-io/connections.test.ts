import { expect, test } from "bun:test";
import { FakeClock } from "../../test/fake/clock.ts";
import { Connections, DRAIN_LIMIT_MS } from "./connections.ts";

/** A server's connections, and what was done with two of them. */
function setup() {
  const done: string[] = [];
  const connections = new Connections();
  const [first, second] = ["first", "second"].map((name) => ({
    drain: () => void done.push(`drain ${name}`),
    destroy: () => void done.push(`destroy ${name}`),
  })) as [Parameters<Connections["add"]>[0], Parameters<Connections["add"]>[0]];
  connections.add(first);
  connections.add(second);
  return { clock: new FakeClock(), connections, done, first, second };
}

test("Connections.drain() tells all at once, and settles when they are gone", async () => {
  const { clock, connections, done, first, second } = setup();
  const drained = connections.drain(clock);
  expect(done).toEqual(["drain first", "drain second"]);
  connections.delete(first);
  connections.delete(first);
  expect(Bun.peek.status(drained)).toBe("pending");
  connections.delete(second);
  await drained;
  expect([done.length, clock.nextMs]).toEqual([2, undefined]);
});

test("Connections.drain() breaks off who stays past the limit, and waits for nobody where nobody is there", async () => {
  const { clock, connections, done, first } = setup();
  connections.delete(first);
  const drained = connections.drain(clock);
  clock.advance(DRAIN_LIMIT_MS - 1);
  expect(done).toEqual(["drain second"]);
  clock.advance(1);
  await drained;
  expect(done).toEqual(["drain second", "destroy second"]);
  await new Connections().drain(clock);
});
