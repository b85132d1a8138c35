/** The time limits of HTTP/2 connections, seen at the drivers that keep them. */

import { expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import { FakePair, passTick } from "../../test/fake/byte-stream.ts";
import { FakeClock, rests } from "../../test/fake/clock.ts";
import { RecordedAnswer } from "../../test/fake/driver-rig.ts";
import { GET } from "../../test/fake/http2-rig.ts";
import type { ClientConnection, ServerHandler } from "./exchange.ts";
import { connectHttp2, type Http2ClientOptions } from "./http2-client.ts";
import { Http2Pool } from "./http2-pool.ts";
import { type Http2ServerOptions, serveHttp2 } from "./http2-server.ts";
import {
  HEAD_LIMIT_MS,
  LINGER_LIMIT_MS,
  MESH_KEEP_ALIVE,
  SERVER_IDLE_LIMIT_MS,
  SERVER_KEEP_ALIVE,
} from "./patience.ts";
import { TICK_MS } from "./ticker.ts";

const SILENT: ServerHandler = { onRequest: () => undefined, onConnectionClose: () => undefined };
const PROMPT: ServerHandler = {
  onRequest: (stream) =>
    stream.sendHead({ status: 204, version: "HTTP/1.1", headers: new HeaderList() }, true),
  onConnectionClose: () => undefined,
};

/** Both ends over HTTP/2, each with a clock of its own, so that a test can let one alone grow impatient. */
function http2(
  handler: ServerHandler,
  how: {
    readonly server?: Partial<Http2ServerOptions>;
    readonly client?: Partial<Http2ClientOptions>;
  } = {},
) {
  const [server, client] = [new FakeClock(), new FakeClock()];
  const pair = new FakePair();
  const now = (): number => 0;
  const events: string[] = [];
  serveHttp2(pair.b, handler, { now, clock: server, ...how.server });
  const observer = {
    onAvailable: () => undefined,
    onClosed: () => void events.push("closed"),
  };
  const connection: ClientConnection = connectHttp2(pair.a, observer, {
    now,
    clock: client,
    ...how.client,
  });
  return { pair, events, server, client, connection };
}

test("HTTP/2: a peer that does not send its preface is cut off after HEAD_LIMIT_MS", () => {
  const { pair, server } = http2(PROMPT);
  server.advance(HEAD_LIMIT_MS - TICK_MS);
  expect(pair.b.closed).toBe(false);
  server.advance(TICK_MS);
  expect(pair.b.closed).toBe(true);
});

test("HTTP/2: a connection without streams is drained after SERVER_IDLE_LIMIT_MS", async () => {
  const { pair, server, connection, events } = http2(PROMPT, {
    server: { keepAlive: { pendingMs: 1e9, idleMs: 1e9, timeoutMs: 1e9 } },
  });
  await pair.run();
  server.advance(SERVER_IDLE_LIMIT_MS - TICK_MS);
  const answer = new RecordedAnswer();
  connection.send(GET, true, answer);
  await pair.run();
  expect(answer.head?.status).toBe(204);
  server.advance(SERVER_IDLE_LIMIT_MS - TICK_MS);
  await pair.run();
  expect(connection.available).toBe(true);
  server.advance(TICK_MS);
  await pair.run();
  expect([connection.available, pair.b.ended, events]).toEqual([false, true, ["closed"]]);
  expect(rests(server)).toBe(true);
});

test("HTTP/2: a request that crosses a drain is still answered", async () => {
  const { pair, server, connection } = http2(PROMPT, {
    server: { idleMs: 1000, keepAlive: { pendingMs: 1e9, idleMs: 1e9, timeoutMs: 1e9 } },
  });
  await pair.run();
  const answer = new RecordedAnswer();
  connection.send(GET, true, answer);
  server.advance(1000);
  await pair.run();
  expect([answer.head?.status, answer.reset]).toEqual([204, undefined]);
  expect(pair.b.ended).toBe(true);
});

test("HTTP/2: a drain that the peer never answers ends after LINGER_LIMIT_MS", async () => {
  const { pair, server } = http2(PROMPT, { server: { idleMs: 1000 } });
  await pair.run();
  server.advance(1000 + LINGER_LIMIT_MS - TICK_MS);
  expect(pair.b.closed).toBe(false);
  server.advance(TICK_MS);
  expect(pair.b.closed).toBe(true);
});

test("WIRE12: a server pings a silent client over HTTP/2 and cuts off one that does not answer", async () => {
  const { pair, server } = http2(SILENT);
  await pair.run();
  for (let round = 0; round < 3; round++) {
    server.advance(SERVER_KEEP_ALIVE.idleMs);
    await pair.run();
  }
  expect(pair.b.closed).toBe(false);
  server.advance(SERVER_KEEP_ALIVE.idleMs + SERVER_KEEP_ALIVE.timeoutMs - TICK_MS);
  expect(pair.b.closed).toBe(false);
  server.advance(TICK_MS);
  expect(pair.b.closed).toBe(true);
});

test("WIRE12: a client resets what an HTTP/2 server that went silent has not answered", async () => {
  const { pair, client, connection, events } = http2(SILENT, {
    client: { keepAlive: MESH_KEEP_ALIVE },
  });
  await pair.run();
  const answer = new RecordedAnswer();
  connection.send(GET, true, answer);
  await pair.run();
  for (let round = 0; round < 3; round++) {
    client.advance(MESH_KEEP_ALIVE.pendingMs);
    await pair.run();
  }
  expect(answer.reset).toBeUndefined();
  client.advance(MESH_KEEP_ALIVE.pendingMs + MESH_KEEP_ALIVE.timeoutMs - TICK_MS);
  expect([answer.reset, connection.available]).toEqual([undefined, true]);
  client.advance(TICK_MS);
  expect(answer.reset).toMatchObject({ reason: "connection", unprocessed: false });
  expect([connection.available, events, rests(client)]).toEqual([false, ["closed"], true]);
});

test("HTTP/2: a pool opens another connection for the one that was given up", async () => {
  const clock = new FakeClock();
  const pairs: FakePair[] = [];
  const pool = new Http2Pool({
    open: (observer, done) => {
      const pair = new FakePair();
      pairs.push(pair);
      serveHttp2(pair.b, SILENT, { now: () => 0 });
      const how = { now: () => 0, clock, keepAlive: MESH_KEEP_ALIVE };
      done.onOpened(connectHttp2(pair.a, observer, how));
    },
    clock,
  });
  const answers: RecordedAnswer[] = [];
  const ask = (): void =>
    pool.acquire({
      onConnection: (connection) => {
        const answer = new RecordedAnswer();
        answers.push(answer);
        connection.send(GET, true, answer);
      },
      onConnectFailed: (error) => {
        throw error;
      },
    });
  ask();
  await pairs[0]?.run();
  clock.advance(MESH_KEEP_ALIVE.pendingMs + MESH_KEEP_ALIVE.timeoutMs);
  expect([answers[0]?.reset?.reason, pool.warm]).toEqual(["connection", false]);
  ask();
  await pairs[1]?.run();
  expect([pairs.length, pool.warm, answers[1]?.reset]).toEqual([2, true, undefined]);
  pool.drain();
  for (const { a } of pairs) a.destroy();
  expect(rests(clock)).toBe(true);
});

test("HTTP/2: a client without keep-alive waits", async () => {
  const { pair, client, connection } = http2(SILENT);
  const answer = new RecordedAnswer();
  connection.send(GET, true, answer);
  await pair.run();
  const before = pair.a.writes.length;
  client.advance(3_600_000);
  await pair.run();
  expect([answer.reset, pair.a.writes.length]).toEqual([undefined, before]);
});

test("HTTP/2: a client cuts off a server that does not end its side after LINGER_LIMIT_MS", async () => {
  const { pair, client, connection } = http2(PROMPT);
  await pair.run();
  connection.drain();
  await passTick();
  expect(pair.a.ended).toBe(true);
  client.advance(LINGER_LIMIT_MS - TICK_MS);
  expect(pair.a.closed).toBe(false);
  client.advance(TICK_MS);
  expect([pair.a.closed, rests(client)]).toEqual([true, true]);
});

test("HTTP/2: a client that is not read, as it leaves much unread, but takes it steadily is not silent", async () => {
  const clock = new FakeClock();
  const pair = new FakePair();
  pair.b.highWaterBytes = 64 * 1024;
  const handler: ServerHandler = {
    onRequest: (stream) => {
      stream.sendHead({ status: 200, version: "HTTP/2", headers: new HeaderList() }, false);
      stream.sendBytes(Buffer.alloc(256 * 1024), 0, 256 * 1024);
      stream.sendEnd(undefined);
    },
    onConnectionClose: () => undefined,
  };
  serveHttp2(pair.b, handler, { now: () => clock.now(), clock, writeIdleMs: 60_000 });
  const windows = { streamWindowBytes: 1 << 20, connectionWindowBytes: 16 << 20 };
  const observer = { onAvailable: () => undefined, onClosed: () => undefined };
  const client = connectHttp2(pair.a, observer, { now: () => clock.now(), ...windows });
  await pair.run();
  for (let count = 0; count < 8; count++) client.send(GET, true, new RecordedAnswer());
  await passTick();
  pair.a.deliver(() => Number.MAX_SAFE_INTEGER);
  await passTick();
  expect(pair.b.paused).toBe(true);
  const take = async (bytes: number, ms: number): Promise<void> => {
    pair.b.deliver(() => bytes);
    await passTick();
    clock.advance(ms);
  };
  for (let second = 0; second < 20; second++) await take(32 * 1024, 1000);
  expect([pair.b.closed, pair.b.queuedBytes > 1 << 20]).toEqual([false, true]);
  await take(0, 59_000);
  expect(pair.b.closed).toBe(false);
  // The time began when it was last seen to have taken something.
  await take(0, 60_000);
  expect(pair.b.closed).toBe(true);
});
