import { expect, test } from "bun:test";
import { FakeClock } from "../../test/fake/clock.ts";
import type { ClientConnection } from "./exchange.ts";
import { IdleConnections } from "./idle-connections.ts";

/** Tells of its end as the real ones do. */
class Fake implements ClientConnection {
  readonly version = "HTTP/1.1";
  readonly activeStreams = 0;
  available = true;
  readonly #onDrained: (connection: Fake) => void;
  constructor(onDrained: (connection: Fake) => void) {
    this.#onDrained = onDrained;
  }
  send(): never {
    throw new Error("Cannot send: not expected");
  }
  drain(): void {
    this.available = false;
    this.#onDrained(this);
  }
  destroy(): void {
    this.drain();
  }
}

function setup(maxIdle = 3) {
  const clock = new FakeClock();
  const idle = new IdleConnections({ clock, idleMs: 100, maxIdle });
  const drained: Fake[] = [];
  const fake = () =>
    new Fake((connection) => {
      drained.push(connection);
      idle.forget(connection);
    });
  return { clock, idle, drained, fake };
}

test("IdleConnections gives the latest first, and none that cannot be used", () => {
  const { idle, fake } = setup();
  const [a, b, c] = [fake(), fake(), fake()];
  for (const each of [a, b, c]) idle.keep(each);
  expect(idle.take()).toBe(c);
  idle.keep(c);
  [b.available, c.available] = [false, false];
  expect([idle.warm, idle.take(), idle.warm, idle.take()]).toEqual([true, a, false, undefined]);
});

test("IdleConnections keeps as many as may be and closes one beyond them", () => {
  const { idle, drained, fake } = setup(2);
  const [a, b, c] = [fake(), fake(), fake()];
  for (const each of [a, b, c]) idle.keep(each);
  expect(drained).toEqual([c]);
  idle.take();
  idle.keep(b);
  expect([idle.take(), idle.take(), idle.take()]).toEqual([b, a, undefined]);
  const none = setup(0);
  none.idle.keep(none.fake());
  expect([none.drained.length, none.idle.warm]).toEqual([1, false]);
});

test("IdleConnections closes each after its time, from when it was last kept", () => {
  const { clock, idle, drained, fake } = setup();
  const [a, b, c] = [fake(), fake(), fake()];
  idle.keep(a);
  clock.advance(40);
  idle.keep(b);
  clock.advance(40);
  idle.keep(c);
  clock.advance(20);
  expect(drained).toEqual([a]);
  clock.advance(20);
  idle.take();
  idle.keep(c);
  clock.advance(20);
  expect(drained).toEqual([a, b]);
  clock.advance(79);
  expect(idle.warm).toBe(true);
  clock.advance(1);
  expect(drained).toEqual([a, b, c]);
  expect(clock.nextMs).toBeUndefined();
});

test("IdleConnections forgets what is gone, and drain() closes the rest", () => {
  const { clock, idle, drained, fake } = setup();
  const [a, b, c] = [fake(), fake(), fake()];
  for (const each of [a, b, c]) idle.keep(each);
  idle.forget(c);
  idle.forget(a);
  idle.forget(fake());
  idle.drain();
  expect([drained, idle.warm, clock.nextMs]).toEqual([[b], false, undefined]);
});
