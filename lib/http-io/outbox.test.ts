import { expect, test } from "bun:test";
import { FakeClock } from "../../test/fake/clock.ts";
import { Outbox } from "./outbox.ts";

function recorder(): { readonly log: string[]; member(name: string): { flush(): void } } {
  const log: string[] = [];
  return { log, member: (name) => ({ flush: () => void log.push(name) }) };
}

test("what is marked within an event is written at its end, nested events included", () => {
  const outbox = new Outbox();
  const { log, member } = recorder();
  outbox.enter();
  outbox.mark(member("a"));
  outbox.enter();
  outbox.mark(member("b"));
  outbox.leave();
  expect(log).toEqual([]);
  outbox.leave();
  expect(log).toEqual(["a", "b"]);
});

test("what is marked outside of an event is written soon", async () => {
  const outbox = new Outbox();
  const { log, member } = recorder();
  outbox.mark(member("a"));
  expect(log).toEqual([]);
  await Promise.resolve();
  expect(log).toEqual(["a"]);
});

test("what is shared is written once a tick, after all its events", async () => {
  const outbox = new Outbox();
  const { log, member } = recorder();
  for (const name of ["a", "b"]) {
    outbox.enter();
    outbox.markShared(member(name));
    outbox.leave();
  }
  expect(log).toEqual([]);
  await new Promise<void>((resolve) => setImmediate(resolve));
  expect(log).toEqual(["a", "b"]);
});

test("a member that throws does not hold back those beside it", () => {
  const outbox = new Outbox();
  const { log, member } = recorder();
  const broken = {
    flush: () => {
      throw new TypeError("broken");
    },
  };
  outbox.enter();
  for (const each of [member("a"), broken, member("b")]) outbox.mark(each);
  expect(() => outbox.leave()).toThrow("broken");
  for (const each of [broken, member("c")]) outbox.markShared(each);
  expect(outbox.flushShared).toThrow("broken");
  expect(log).toEqual(["a", "b", "c"]);
});

test("a member that throws does not hold back what is marked later", async () => {
  const outbox = new Outbox();
  const { log, member } = recorder();
  const broken = {
    flush: () => {
      throw new TypeError("broken");
    },
  };
  outbox.enter();
  outbox.mark(broken);
  expect(() => outbox.leave()).toThrow("broken");
  outbox.enter();
  outbox.mark(member("a"));
  outbox.leave();
  expect(log).toEqual(["a"]);
  outbox.markShared(member("b"));
  outbox.flushShared();
  expect(log).toEqual(["a", "b"]);
});

test("an event that could not begin holds back nothing of those after it", () => {
  const outbox = new Outbox();
  const { log, member } = recorder();
  outbox.onStir(() => {
    throw new TypeError("broken");
  });
  expect(() => outbox.enter()).toThrow("broken");
  outbox.enter();
  outbox.mark(member("a"));
  outbox.leave();
  expect(log).toEqual(["a"]);
});

test("time stands still within an event and goes on outside", () => {
  const outbox = new Outbox();
  const clock = new FakeClock();
  const still = outbox.clock(clock);
  const start = still.now();
  outbox.enter();
  const within = still.now();
  clock.advance(5);
  expect(still.now()).toBe(within);
  const other = new FakeClock();
  other.advance(1000);
  expect(outbox.clock(other).now()).toBe(other.now());
  outbox.leave();
  expect(still.now()).toBe(start + 5);
  outbox.enter();
  expect(still.now()).toBe(start + 5);
  outbox.leave();
});

test("who waits for something to happen is told once, before it does", () => {
  const outbox = new Outbox();
  const { log, member } = recorder();
  outbox.onStir(() => void log.push("stirred"));
  outbox.enter();
  outbox.mark(member("a"));
  outbox.leave();
  expect(log).toEqual(["stirred", "a"]);
});
