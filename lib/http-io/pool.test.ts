import { expect, test } from "bun:test";
import { FakeClock } from "../../test/fake/clock.ts";
import type { ClientConnection } from "./exchange.ts";
import { Http1Pool } from "./http1-pool.ts";
import { Http2Pool } from "./http2-pool.ts";
import type { OpenConnection, PoolOptions } from "./pool.ts";

/** A connection that can be made free, busy or gone. */
class Fake implements ClientConnection {
  readonly version = "HTTP/1.1";
  activeStreams = 0;
  available = true;
  drained = 0;
  send(): never {
    throw new Error("Cannot send: not expected");
  }
  drain(): void {
    this.drained++;
  }
  destroy(): void {
    this.drained++;
  }
}

function setup(version: "HTTP/1.1" | "HTTP/2", line?: PoolOptions["line"]) {
  const clock = new FakeClock();
  const opening: Parameters<OpenConnection>[1][] = [];
  const options: PoolOptions = {
    ...{ open: (_, done) => opening.push(done), clock },
    ...(line !== undefined && { line }),
  };
  const pool =
    version === "HTTP/1.1"
      ? new Http1Pool({ ...options, idleMs: 100, maxIdle: 2 })
      : new Http2Pool(options);
  const got: (ClientConnection | string)[] = [];
  const waiter = () => ({
    onConnection: (connection: ClientConnection) => {
      got.push(connection);
      if (version === "HTTP/1.1") (connection as Fake).available = false;
    },
    onConnectFailed: (error: Error) => void got.push(error.message),
  });
  return { clock, opening, pool, got, waiter };
}

test("Pool opens one HTTP/1 connection a waiter and hands a free one on", () => {
  const { pool, opening, got, waiter } = setup("HTTP/1.1");
  pool.acquire(waiter());
  pool.acquire(waiter());
  expect(opening).toHaveLength(2);
  const [a, b] = [new Fake(), new Fake()];
  opening[0]?.onOpened(a);
  opening[1]?.onFailed(new Error("refused"));
  expect(got).toEqual([a, "refused"]);
  pool.onAvailable(b);
  expect(pool.warm).toBe(true);
  pool.acquire(waiter());
  expect([got[2], pool.warm, opening.length]).toEqual([b, false, 2]);
});

test.each(["HTTP/1.1", "HTTP/2"] as const)(
  "a pool of %s keeps one that it was asked to open, and of HTTP/2 no second one",
  (version) => {
    const { pool, opening, got, waiter } = setup(version);
    const told: string[] = [];
    const warm = { onOpened: () => told.push("opened"), onFailed: () => told.push("failed") };
    pool.warmUp(warm);
    opening[0]?.onFailed(new Error("refused"));
    pool.warmUp(warm);
    const fake = new Fake();
    opening[1]?.onOpened(fake);
    expect([told, pool.warm]).toEqual([["failed", "opened"], true]);
    pool.warmUp(warm);
    expect(opening).toHaveLength(version === "HTTP/2" ? 2 : 3);
    pool.acquire(waiter());
    expect(got).toEqual([fake]);
  },
);

test("who waits for a connection of their own is not told that another one failed", () => {
  const { pool, opening, got, waiter } = setup("HTTP/1.1");
  pool.warmUp({ onOpened: () => undefined, onFailed: () => undefined });
  pool.acquire(waiter());
  opening[0]?.onFailed(new Error("refused"));
  const fake = new Fake();
  opening[1]?.onOpened(fake);
  expect(got).toEqual([fake]);
});

test("a connection whose waiter no longer wants one goes to the next, or is kept", () => {
  const { pool, opening, got, waiter } = setup("HTTP/1.1");
  const gone = { onConnection: () => undefined, onConnectFailed: () => undefined };
  pool.acquire(gone);
  pool.acquire(waiter());
  pool.acquire(gone);
  const [a, b] = [new Fake(), new Fake()];
  opening[0]?.onOpened(a);
  expect([got, pool.warm]).toEqual([[a], false]);
  opening[1]?.onOpened(b);
  expect([got.length, pool.warm]).toEqual([1, true]);
});

test("who begins to wait while another one is served, and the last of the line with it, is not forgotten", () => {
  const { pool, opening, got, waiter } = setup("HTTP/1.1");
  const [a, b, c] = [new Fake(), new Fake(), new Fake()];
  pool.acquire({
    onConnection: (connection) => {
      (connection as Fake).available = false;
      pool.onAvailable(b);
      pool.acquire(waiter());
    },
    onConnectFailed: () => undefined,
  });
  pool.acquire(waiter());
  pool.onAvailable(a);
  expect([got, opening.length]).toEqual([[b], 3]);
  opening[2]?.onOpened(c);
  expect(got).toEqual([b, c]);
});

test("Pool closes what is idle too long, too many, or gone", () => {
  const { pool, clock, got, waiter, opening } = setup("HTTP/1.1");
  const [a, b, c] = [new Fake(), new Fake(), new Fake()];
  pool.onAvailable(a);
  clock.advance(60);
  pool.onAvailable(b);
  pool.onAvailable(c);
  expect(c.drained).toBe(1);
  clock.advance(40);
  expect([a.drained, b.drained]).toEqual([1, 0]);
  pool.onClosed(a);
  b.available = false;
  pool.acquire(waiter());
  expect([got, opening.length]).toEqual([[], 1]);
});

test("Pool shares one HTTP/2 connection and opens another where it is full or gone", () => {
  const { pool, opening, got, waiter } = setup("HTTP/2");
  pool.acquire(waiter());
  pool.acquire(waiter());
  expect(opening).toHaveLength(1);
  const a = new Fake();
  opening[0]?.onOpened(a);
  expect(got).toEqual([a, a]);
  [a.available, a.activeStreams] = [false, 2];
  pool.acquire(waiter());
  expect(opening).toHaveLength(1);
  pool.onAvailable(a);
  expect(opening).toHaveLength(2);
  opening[1]?.onFailed(new Error("away"));
  expect(got[2]).toBe("away");
});

test("Pool tells all who wait where a connection ends before it has settled, as where none is made", () => {
  const { pool, opening, got, waiter } = setup("HTTP/2");
  pool.acquire(waiter());
  const a = new Fake();
  a.available = false;
  opening[0]?.onOpened(a);
  pool.acquire(waiter());
  pool.onClosed(a);
  const ended = expect.stringContaining("ended before its settings");
  expect([got, opening.length]).toEqual([[ended, ended], 1]);
});

test("Pool opens another HTTP/2 connection for those who wait when a settled one ends", () => {
  const { pool, opening, got, waiter } = setup("HTTP/2");
  pool.acquire(waiter());
  const a = new Fake();
  opening[0]?.onOpened(a);
  pool.onAvailable(a);
  [a.available, a.activeStreams] = [false, 1];
  pool.acquire(waiter());
  opening[1]?.onOpened(new Fake());
  pool.onClosed(a);
  expect([got.length, opening.length]).toEqual([2, 2]);
});

test("Pool.cancel() forgets a waiter, and Pool.drain() closes what is kept and what comes back", () => {
  const { pool, opening, got, waiter } = setup("HTTP/1.1");
  const gone = waiter();
  pool.acquire(gone);
  pool.cancel(gone);
  const [a, b] = [new Fake(), new Fake()];
  opening[0]?.onOpened(a);
  expect([got, pool.warm]).toEqual([[], true]);
  pool.drain();
  pool.onAvailable(b);
  expect([a.drained, b.drained]).toEqual([1, 1]);
});

test("who waits when a pool is drained gets its connection, which then ends as well", () => {
  for (const version of ["HTTP/1.1", "HTTP/2"] as const) {
    const { pool, opening, got, waiter } = setup(version);
    pool.acquire(waiter());
    pool.acquire(waiter());
    pool.drain();
    const [a, b] = [new Fake(), new Fake()];
    for (const [at, connection] of [a, b].entries()) opening[at]?.onOpened(connection);
    expect(got).toEqual(version === "HTTP/1.1" ? [a, b] : [a, a]);
    a.available = true;
    pool.onAvailable(a);
    expect(a.drained).toBeGreaterThan(0);
  }
});

test("who waits for the settings of a drained pool's connection gets it, and so does who comes later", () => {
  const { pool, opening, got, waiter } = setup("HTTP/2");
  pool.acquire(waiter());
  const [a, b] = [new Fake(), new Fake()];
  a.available = false;
  opening[0]?.onOpened(a);
  pool.drain();
  expect([got, a.drained]).toEqual([[], 0]);
  a.available = true;
  pool.onAvailable(a);
  expect([got, a.drained]).toEqual([[a], 1]);
  pool.acquire(waiter());
  opening[1]?.onOpened(b);
  expect([got, b.drained]).toEqual([[a, b], 1]);
});

test("HTTP/2: where a server takes no requests, no more connections are made, until it does or is gone", () => {
  const { pool, opening, got, waiter } = setup("HTTP/2");
  const [a, b] = [new Fake(), new Fake()];
  a.available = false;
  pool.acquire(waiter());
  opening[0]?.onOpened(a);
  pool.onAvailable(a);
  pool.acquire(waiter());
  expect([opening.length, got]).toEqual([1, []]);
  a.available = true;
  pool.onAvailable(a);
  expect(got).toEqual([a, a]);
  a.available = false;
  pool.acquire(waiter());
  expect(opening.length).toBe(1);
  pool.onClosed(a);
  expect(opening.length).toBe(2);
  b.available = false;
  b.activeStreams = 1;
  opening[1]?.onOpened(b);
  pool.onAvailable(b);
  expect(opening.length).toBe(3);
});

test("HTTP/2: where nobody may wait and a server takes no requests, those who come do not make more connections", () => {
  const { pool, clock, opening, got, waiter } = setup("HTTP/2", { capacity: 10, failfastMs: 100 });
  const a = new Fake();
  a.available = false;
  pool.acquire(waiter());
  opening[0]?.onOpened(a);
  pool.onAvailable(a);
  clock.advance(100);
  for (let count = 0; count < 3; count++) pool.acquire(waiter());
  const failing = "service in fail-fast";
  expect([got, opening.length]).toEqual([[failing, failing, failing, failing], 1]);
  a.available = true;
  pool.onAvailable(a);
  pool.acquire(waiter());
  expect(got[4]).toBe(a);
});
