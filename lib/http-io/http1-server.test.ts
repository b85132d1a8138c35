import { describe, expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import type { ResponseHead } from "#lib/http/message.ts";
import type { Http1Error } from "#lib/http1/http1-error.ts";
import { FakePair } from "../../test/fake/byte-stream.ts";
import { FakeClock } from "../../test/fake/clock.ts";
import { wholeOf } from "../../test/fake/whole-of.ts";
import { DISCARD_LIMIT_BYTES } from "./discard.ts";
import type { RequestHandler, ServerHandler, ServerStream } from "./exchange.ts";
import { LOOK_AHEAD_LIMIT_BYTES } from "./http1-refusals.ts";
import { serveHttp1 } from "./http1-server.ts";
import { BODY_IDLE_LIMIT_MS, OVERRUN_LIMIT_MS, WRITE_IDLE_LIMIT_MS } from "./patience.ts";

/** Serves what a test writes by hand, and answers when the test says so. */
class Served implements ServerHandler, RequestHandler {
  readonly pair = new FakePair();
  readonly clock = new FakeClock();
  readonly streams: ServerStream[] = [];
  readonly refused: Http1Error[] = [];
  body = "";
  ended = 0;
  resets = 0;
  closed = 0;
  readonly connection = serveHttp1(this.pair.b, this, { clock: this.clock });

  onRequest(stream: ServerStream): void {
    this.streams.push(stream);
    stream.handler = this;
  }
  onRefused(error: Http1Error): void {
    this.refused.push(error);
  }
  onConnectionClose(): void {
    this.closed++;
  }
  onRequestBytes(bytes: Buffer, from: number, to: number): void {
    const chunk = bytes.subarray(from, to);
    this.body += Buffer.from(chunk).toString("latin1");
  }
  onRequestEnd(): void {
    this.ended++;
  }
  onRequestReset(): void {
    this.resets++;
  }
  onResponseWritable(): void {
    // Nothing waits for it here.
  }
  async send(...pieces: string[]): Promise<void> {
    for (const piece of pieces) {
      this.pair.a.write(Buffer.from(piece, "latin1"));
      await this.pair.run();
    }
  }
  async answer(status: number, ...fields: [string, string][]): Promise<ServerStream> {
    const stream = this.streams.at(-1) as ServerStream;
    stream.sendHead(head(status, ...fields), status !== 101);
    await this.pair.run();
    return stream;
  }
  get answers(): string {
    return this.pair.b.text;
  }
}

const head = (status: number, ...fields: [string, string][]): ResponseHead => ({
  status,
  version: "HTTP/1.1",
  headers: HeaderList.of(...fields),
});
const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const POST = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n";
const SWITCH = "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n";

describe("serveHttp1()", () => {
  test("says what it refuses, answers and closes", async () => {
    const served = new Served();
    await served.send("GET / HTTP/1.1\r\n\r\n");
    expect(served.refused.map(({ code, status }) => [code, status])).toEqual([["malformed", 400]]);
    expect(served.answers).toStartWith("HTTP/1.1 400 Bad Request\r\n");
    expect(served.pair.b.ended).toBe(true);
  });

  test("a body that stands still for BODY_IDLE_LIMIT_MS is answered 408; one that comes slowly is not", async () => {
    const served = new Served();
    await served.send(POST);
    for (let i = 0; i < 5; i++) {
      served.clock.advance(BODY_IDLE_LIMIT_MS - 250);
      await served.send("x");
    }
    expect([served.body, served.answers]).toEqual(["xxxxx", ""]);
    served.clock.advance(BODY_IDLE_LIMIT_MS);
    expect(served.answers).toStartWith("HTTP/1.1 408 ");
    expect([served.resets, served.pair.b.ended]).toEqual([1, true]);
  });

  test("a body that its receiver holds up is not the client's fault", async () => {
    const served = new Served();
    await served.send(POST);
    served.streams[0]?.pauseRequest();
    served.clock.advance(2 * BODY_IDLE_LIMIT_MS);
    expect(served.refused).toEqual([]);
  });

  test("a client that takes nothing for WRITE_IDLE_LIMIT_MS is cut off", async () => {
    const served = new Served();
    await served.send(GET);
    served.pair.a.paused = true;
    const stream = served.streams[0] as ServerStream;
    stream.sendHead(head(200), false);
    stream.sendBytes(...wholeOf(Buffer.alloc(100_000)));
    served.clock.advance(WRITE_IDLE_LIMIT_MS - 250);
    expect(served.closed).toBe(0);
    served.clock.advance(500);
    expect([served.closed, served.resets]).toEqual([1, 1]);
  });

  test("pipelined requests are answered in order, one at a time, and read ahead of within bounds", async () => {
    const served = new Served();
    await served.send(GET.repeat(3));
    for (let i = 1; i <= 3; i++) {
      expect(served.streams).toHaveLength(i);
      expect(served.pair.b.paused).toBe(i < 3);
      await served.answer(200, ["x-n", `${i}`]);
    }
    expect(served.answers.match(/x-n: \d/g)).toEqual(["x-n: 1", "x-n: 2", "x-n: 3"]);

    const { b } = served.pair;
    await served.send(GET);
    b.handler.onData(Buffer.alloc(LOOK_AHEAD_LIMIT_BYTES, "x"));
    expect(served.closed).toBe(0);
    b.handler.onData(Buffer.alloc(1, "x"));
    expect([served.closed, served.resets, served.refused[0]?.code]).toEqual([1, 1, "limit"]);
  });

  test("an answer before the body closes, and what still comes is neither a request nor kept", async () => {
    const served = new Served();
    await served.send(POST);
    await served.answer(401);
    await served.send(GET);
    expect([served.streams.length, served.pair.b.ended]).toEqual([1, true]);
    expect(served.pair.b.paused).toBe(false);
    await served.send("x".repeat(DISCARD_LIMIT_BYTES - GET.length));
    expect(served.pair.b.paused).toBe(false);
    await served.send("x");
    expect(served.pair.b.paused).toBe(true);
    served.clock.advance(OVERRUN_LIMIT_MS - 250);
    expect(served.closed).toBe(0);
    served.clock.advance(500);
    expect(served.closed).toBe(1);
  });

  test("bytes behind an upgrade are raw after 101 and a request after anything else", async () => {
    const switched = new Served();
    await switched.send(`${SWITCH}${GET}`);
    await switched.answer(101);
    expect([switched.body, switched.streams.length]).toEqual([GET, 1]);
    const refused = new Served();
    await refused.send(`${SWITCH}${GET}`);
    await refused.answer(200);
    expect([refused.body, refused.streams.length]).toEqual(["", 2]);
  });

  test("a tunnel hears of an end that came before it was one, and of bytes before that", async () => {
    const served = new Served();
    await served.send(`${SWITCH}hello`);
    served.pair.a.end();
    await served.pair.run();
    const stream = await served.answer(101);
    await served.pair.run();
    expect([served.body, served.ended]).toEqual(["hello", 1]);
    stream.sendBytes(...wholeOf(Buffer.from("answer")));
    stream.sendEnd(undefined);
    await served.pair.run();
    expect(served.answers).toEndWith("\r\n\r\nanswer");
    expect([served.closed, served.resets]).toEqual([1, 0]);
  });

  test("a tunnel whose answer has ended can still hold its client up, and let it go on", async () => {
    const served = new Served();
    await served.send(SWITCH);
    const stream = await served.answer(101);
    stream.pauseRequest();
    await served.send("first");
    stream.sendEnd(undefined);
    expect(served.body).toBe("");
    stream.resumeRequest();
    await served.pair.run();
    expect(served.body).toBe("first");
    stream.pauseRequest();
    await served.send("second");
    expect(served.body).toBe("first");
  });

  test("a client's end behind a whole request that waits does not break it off", async () => {
    const served = new Served();
    await served.send(POST);
    served.streams[0]?.pauseRequest();
    served.pair.b.handler.onData(Buffer.from("0123456789"));
    served.pair.b.handler.onEnd();
    expect(served.resets).toBe(0);
    served.streams[0]?.resumeRequest();
    expect([served.body, served.ended, served.resets]).toEqual(["0123456789", 1, 0]);
  });

  test("what HTTP forbids in an answer is not sent", async () => {
    const served = new Served();
    await served.send(GET);
    served.streams[0]?.sendInformational(head(103, ["content-length", "3"], ["link", "a"]));
    await served.answer(204, ["content-length", "0"]);
    expect(served.answers).not.toContain("content-length");
    expect(served.answers).toContain("link: a");
  });

  test("an answer that promises more than it has breaks the connection off", async () => {
    const served = new Served();
    await served.send(GET);
    await served.answer(200, ["content-length", "5"]);
    expect(served.closed).toBe(1);
  });
});
