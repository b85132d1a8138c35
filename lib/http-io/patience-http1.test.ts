/** The time limits of HTTP/1 connections, seen at the driver that keeps them. */

import { expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import { FakePair } from "../../test/fake/byte-stream.ts";
import { FakeClock, rests } from "../../test/fake/clock.ts";
import { wholeOf } from "../../test/fake/whole-of.ts";
import type { ServerHandler } from "./exchange.ts";
import { connectHttp1 } from "./http1-client.ts";
import { serveHttp1 } from "./http1-server.ts";
import { HEAD_LIMIT_MS, LINGER_LIMIT_MS, SERVER_IDLE_LIMIT_MS } from "./patience.ts";
import { TICK_MS } from "./ticker.ts";

const GET = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
const SILENT: ServerHandler = { onRequest: () => undefined, onConnectionClose: () => undefined };
const PROMPT: ServerHandler = {
  onRequest: (stream) =>
    stream.sendHead({ status: 204, version: "HTTP/1.1", headers: new HeaderList() }, true),
  onConnectionClose: () => undefined,
};

function http1(handler: ServerHandler = PROMPT) {
  const clock = new FakeClock();
  const pair = new FakePair();
  serveHttp1(pair.b, handler, { clock });
  const say = async (text: string): Promise<void> => {
    pair.a.write(Buffer.from(text));
    await pair.run();
  };
  return { clock, pair, say };
}

test("HTTP/1: a head that does not get on is answered 408 after HEAD_LIMIT_MS, however it trickles", async () => {
  const { clock, pair, say } = http1();
  await say("GET / HTT");
  clock.advance(HEAD_LIMIT_MS - TICK_MS);
  expect(pair.b.ended).toBe(false);
  await say("P/1.1\r\n");
  clock.advance(TICK_MS);
  expect(pair.b.text).toStartWith("HTTP/1.1 408 Request Timeout\r\n");
  expect([pair.b.text.includes("connection: close\r\n"), pair.b.ended]).toEqual([true, true]);
});

test("HTTP/1: a connection that never sends a byte is closed after HEAD_LIMIT_MS", () => {
  const { clock, pair } = http1();
  clock.advance(HEAD_LIMIT_MS);
  expect([pair.b.text, pair.b.ended]).toEqual(["", true]);
});

test("HTTP/1: a kept connection is closed after SERVER_IDLE_LIMIT_MS without a request", async () => {
  const { clock, pair, say } = http1();
  await say(GET);
  clock.advance(SERVER_IDLE_LIMIT_MS - TICK_MS);
  await say(GET);
  clock.advance(SERVER_IDLE_LIMIT_MS - TICK_MS);
  expect(pair.b.ended).toBe(false);
  clock.advance(TICK_MS);
  expect(pair.b.ended).toBe(true);
  expect(rests(clock)).toBe(false);
  pair.a.end();
  await pair.run();
  expect(rests(clock)).toBe(true);
});

test("HTTP/1: a response that takes long is waited for", async () => {
  const { clock, pair, say } = http1(SILENT);
  await say(GET);
  clock.advance(2 * SERVER_IDLE_LIMIT_MS);
  expect(pair.b.ended).toBe(false);
});

test("HTTP/1: a client that does not end its side is cut off after LINGER_LIMIT_MS without progress", async () => {
  const { clock, pair, say } = http1();
  await say("nonsense\r\n\r\n");
  expect(pair.b.ended).toBe(true);
  clock.advance(LINGER_LIMIT_MS - TICK_MS);
  expect(pair.b.closed).toBe(false);
  clock.advance(TICK_MS);
  expect([pair.b.closed, rests(clock)]).toEqual([true, true]);
});

test("HTTP/1: an idle client waits for ever; it cuts off a server that does not end its side after LINGER_LIMIT_MS", async () => {
  const clock = new FakeClock();
  const pair = new FakePair();
  const connection = connectHttp1(
    pair.a,
    { onAvailable: () => undefined, onClosed: () => undefined },
    { clock },
  );
  clock.advance(2 * SERVER_IDLE_LIMIT_MS);
  expect([pair.a.ended, rests(clock)]).toEqual([false, true]);
  connection.drain();
  await pair.run();
  expect(pair.a.ended).toBe(true);
  clock.advance(LINGER_LIMIT_MS - TICK_MS);
  expect(pair.a.closed).toBe(false);
  clock.advance(TICK_MS);
  expect([pair.a.closed, rests(clock)]).toEqual([true, true]);
});

test("HTTP/1: a client that reads slowly is not cut off", async () => {
  const { clock, pair } = http1({
    ...PROMPT,
    onRequest: (stream) => {
      const headers = HeaderList.of(["content-length", "300"], ["connection", "close"]);
      stream.sendHead({ status: 200, version: "HTTP/1.1", headers }, false);
      stream.sendBytes(...wholeOf(Buffer.alloc(300)));
      stream.sendEnd(undefined);
    },
  });
  pair.b.handler.onData(Buffer.from(GET));
  await Promise.resolve();
  expect(pair.b.ended).toBe(true);
  for (let piece = 0; piece < 3; piece++) {
    pair.b.deliver(() => 100);
    clock.advance(LINGER_LIMIT_MS - TICK_MS);
  }
  expect(pair.b.closed).toBe(false);
});
