import { describe, expect, spyOn, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import { HEADS_PER_TURN } from "#lib/http1/request-reader.ts";
import { FakePair } from "../../test/fake/byte-stream.ts";
import { FakeClock } from "../../test/fake/clock.ts";
import { until } from "../../test/fake/mesh.ts";
import { thrownLater } from "../../test/fake/thrown-later.ts";
import { wholeOf } from "../../test/fake/whole-of.ts";
import type { RequestHandler, ServerHandler, ServerStream } from "./exchange.ts";
import { GATHER_LIMIT_BYTES } from "./http1-output.ts";
import { serveHttp1 } from "./http1-server.ts";
import { EAGER_FLUSH_BYTES } from "./outbox.ts";
import { BODY_IDLE_LIMIT_MS } from "./patience.ts";

/** Serves a stream, and counts; a test says what else happens. */
class Served implements ServerHandler, RequestHandler {
  readonly pair = new FakePair();
  readonly stream = this.pair.b;
  readonly clock = new FakeClock();
  readonly connection = serveHttp1(this.stream, this, { clock: this.clock });
  readonly requests: ServerStream[] = [];
  pieces = 0;
  ended = 0;
  resets = 0;
  closed = 0;
  onHead: (stream: ServerStream) => void = () => undefined;
  onPiece: (stream: ServerStream) => void = () => undefined;
  onReset: () => void = () => undefined;

  onRequest(stream: ServerStream): void {
    this.requests.push(stream);
    stream.handler = this;
    this.onHead(stream);
  }
  onConnectionClose(): void {
    this.closed++;
  }
  onRequestBytes(): void {
    this.pieces++;
    this.onPiece(this.requests.at(-1) as ServerStream);
  }
  onRequestEnd(): void {
    this.ended++;
  }
  onRequestReset(): void {
    this.resets++;
    this.onReset();
  }
  onResponseWritable(): void {
    // Nothing waits for it here.
  }
  get answeredPaths(): string[] {
    return [...(this.stream.text.match(/x-path: \S+/g) ?? [])];
  }
  give(text: string): void {
    this.connection.onData(Buffer.from(text, "latin1"));
  }
}

/** Answers at once, with so many bytes. */
function answer(stream: ServerStream, bytes: number): void {
  const headers = HeaderList.of(["content-length", String(bytes)], ["x-path", stream.request.path]);
  stream.sendHead({ status: 200, version: "HTTP/1.1", headers }, false);
  stream.sendBytes(...wholeOf(Buffer.alloc(bytes, "x")));
  stream.sendEnd(undefined);
}

/** Lets the runtime go round so often, and says how many turns were asked for meanwhile. */
async function turnsIn(rounds: number): Promise<number> {
  const round = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 1));
  const spy = spyOn(globalThis, "setImmediate");
  for (let i = 0; i < rounds; i++) await round();
  const turns = spy.mock.calls.length;
  spy.mockRestore();
  return turns;
}

const CHUNKED = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
const CHUNK = "1\r\nx\r\n";
const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
const gets = (count: number): string =>
  Array.from({ length: count }, (_, i) => get(`/${i}`)).join("");
const paths = (count: number): string[] => Array.from({ length: count }, (_, i) => `x-path: /${i}`);

describe("a body whose receiver stalls", () => {
  test("costs no turns, and goes on in turns", async () => {
    const served = new Served();
    served.onPiece = (stream) => stream.pauseRequest();
    served.give(`${CHUNKED}${CHUNK.repeat(10_000)}0\r\n\r\n`);
    const before = served.pieces;
    expect(await turnsIn(5)).toBeLessThanOrEqual(1);
    expect(served.pieces).toBe(before);
    served.onPiece = () => undefined;
    served.requests[0]?.resumeRequest();
    expect(served.pieces).toBeWithin(before + 1, before + 3000);
    await until(
      () => served.ended === 1,
      () => `${served.pieces} came`,
    );
    expect(served.pieces).toBe(10_000);
  });

  test("has one turn due, however often it is resumed", async () => {
    const served = new Served();
    served.give(`${CHUNKED}${CHUNK.repeat(10_000)}`);
    const before = served.pieces;
    const spy = spyOn(globalThis, "setImmediate");
    for (let i = 0; i < 10; i++) {
      served.requests[0]?.pauseRequest();
      served.requests[0]?.resumeRequest();
    }
    expect(spy).toHaveBeenCalledTimes(0);
    spy.mockRestore();
    expect(served.pieces).toBe(before);
    await until(
      () => served.pieces === 10_000,
      () => `${served.pieces} came`,
    );
  });
});

describe("requests that are answered at once", () => {
  test("are written in bounded writes, and wait for a client that does not read", async () => {
    const served = new Served();
    served.stream.highWaterBytes = 100_000;
    served.onHead = (stream) => answer(stream, 15_000);
    served.give(gets(40));
    const largest = Math.max(...served.stream.writes.map(({ length }) => length));
    expect(largest).toBeLessThanOrEqual(EAGER_FLUSH_BYTES + GATHER_LIMIT_BYTES);
    expect(served.requests.length).toBeLessThan(15);
    expect(served.stream.paused).toBe(true);
    expect(await turnsIn(3)).toBe(0);
    await served.pair.run();
    expect(served.requests).toHaveLength(40);
    expect(served.answeredPaths).toEqual(paths(40));
  });

  test("are written while an event runs where they have no body", () => {
    const served = new Served();
    const large = "x".repeat(10_000);
    served.onHead = (stream) =>
      stream.sendHead(
        { status: 204, version: "HTTP/1.1", headers: HeaderList.of(["x-large", large]) },
        true,
      );
    served.give(gets(20));
    const largest = Math.max(...served.stream.writes.map(({ length }) => length));
    expect(largest).toBeLessThanOrEqual(EAGER_FLUSH_BYTES + large.length + 1000);
  });

  test("come HEADS_PER_TURN at a time, in order, and none is lost where the client ends", async () => {
    const count = 3 * HEADS_PER_TURN + 1;
    const served = new Served();
    served.onHead = (stream) => answer(stream, 1);
    served.give(gets(count));
    expect([served.requests.length, served.stream.paused]).toEqual([HEADS_PER_TURN, true]);
    served.connection.onEnd();
    expect(served.stream.ended).toBe(false);
    await until(
      () => served.stream.ended,
      () => `${served.requests.length} came`,
    );
    expect(served.answeredPaths).toEqual(paths(count));
  });

  test("leave nothing due where they are just HEADS_PER_TURN, or the next is incomplete", async () => {
    for (const rest of ["", "GET /rest HTTP/1.1\r\n"]) {
      const served = new Served();
      served.onHead = (stream) => answer(stream, 1);
      served.give(gets(HEADS_PER_TURN) + rest);
      expect(await turnsIn(5)).toBeLessThanOrEqual(1);
      expect(served.stream.paused).toBe(false);
      served.give(rest === "" ? get("/last") : "Host: a\r\n\r\n");
      expect(served.requests).toHaveLength(HEADS_PER_TURN + 1);
    }
  });

  test("that wait keep the order of a head, 100 Continue, and bodies of any size", async () => {
    const served = new Served();
    served.onHead = (stream) => {
      stream.sendInformational({ status: 100, version: "HTTP/1.1", headers: new HeaderList() });
      stream.sendHead({ status: 200, version: "HTTP/1.1", headers: new HeaderList() }, false);
      for (const bytes of [EAGER_FLUSH_BYTES - 300, 1, GATHER_LIMIT_BYTES, 2 * GATHER_LIMIT_BYTES])
        stream.sendBytes(...wholeOf(Buffer.alloc(bytes, "x")));
      stream.sendEnd(undefined);
    };
    served.give(gets(2));
    const sizes = served.stream.text.replaceAll(/x+/g, ({ length }) => `<${length}>`);
    const one =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" +
      [EAGER_FLUSH_BYTES - 300, 1, GATHER_LIMIT_BYTES, 2 * GATHER_LIMIT_BYTES]
        .map((bytes) => `${bytes.toString(16)}\r\n<${bytes}>\r\n`)
        .join("") +
      "0\r\n\r\n";
    expect(sizes).toBe(one + one);
  });
});

describe("a handler that throws", () => {
  const fault = new TypeError("ours");
  const fails = (): never => {
    throw fault;
  };

  test("in a later turn ends its connection, and is heard of", async () => {
    using thrown = thrownLater();
    const served = new Served();
    served.give(`${CHUNKED}${CHUNK.repeat(3000)}`);
    expect(served.pieces).toBeLessThan(3000);
    served.onPiece = fails;
    await until(
      () => served.closed === 1,
      () => `${served.pieces} came`,
    );
    expect([served.resets, served.connection.activeStreams]).toEqual([1, 0]);
    expect(thrown.errors).toEqual([fault]);
  });

  test("as another connection lets it go on ends its own, and not that one", async () => {
    using thrown = thrownLater();
    const served = new Served();
    served.onHead = (stream) => stream.pauseRequest();
    served.give(`${CHUNKED}${CHUNK}`);
    served.onPiece = fails;
    served.requests[0]?.resumeRequest();
    expect([served.closed, served.resets]).toEqual([1, 1]);
    await Promise.resolve();
    expect(thrown.errors).toEqual([fault]);
  });

  test("as its client is out of time ends its connection all the same", async () => {
    using thrown = thrownLater();
    const served = new Served();
    served.give(CHUNKED);
    served.onReset = fails;
    served.clock.advance(BODY_IDLE_LIMIT_MS + 250);
    expect(served.closed).toBe(1);
    await Promise.resolve();
    expect(thrown.errors).toEqual([fault]);
  });

  test("at a request behind one that another connection answers ends its own", async () => {
    using thrown = thrownLater();
    const served = new Served();
    served.give(gets(2));
    served.onHead = fails;
    answer(served.requests[0] as ServerStream, 1);
    expect([served.closed, served.requests.length]).toEqual([1, 2]);
    await Promise.resolve();
    expect(thrown.errors).toEqual([fault]);
  });
});
