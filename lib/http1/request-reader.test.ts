import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { HeaderList } from "#lib/http/headers.ts";
import type { RequestHead } from "#lib/http/message.ts";
import { Http1Error } from "./http1-error.ts";
import { RequestReader, type RequestSink } from "./request-reader.ts";

/** Writes down what is read; bytes of a body are joined, as their pieces mean nothing. */
class Recorder implements RequestSink {
  readonly events: string[] = [];
  readonly reader: RequestReader;
  error: number | undefined;

  constructor(headsPerTurn?: number) {
    this.reader = new RequestReader(undefined, headsPerTurn);
  }

  onHead(head: RequestHead, _: unknown, ended: boolean): void {
    const { method, scheme, authority, path, version, headers } = head;
    const fields = headers.names.map((name, i) => `${name}=${headers.values[i]}`).join("&");
    this.events.push([method, scheme, authority, path, version, fields, ended].join(" "));
    if (ended) this.#answered();
  }
  onBodyBytes(bytes: Buffer, from: number, to: number): void {
    const chunk = bytes.subarray(from, to);
    const last = this.events.at(-1) ?? "";
    const text = chunk.toString("latin1");
    if (last.startsWith("body ")) this.events[this.events.length - 1] = last + text;
    else this.events.push(`body ${text}`);
  }
  onBodyEnd(trailers: HeaderList | undefined): void {
    this.events.push(`end ${trailers?.names.join() ?? ""} ${trailers?.values.join() ?? ""}`);
    this.#answered();
  }
  #answered(): void {
    const [first = ""] = this.events.filter((event) => event.startsWith("CONNECT"));
    this.reader.state = first === "" ? "head" : "tunnel";
  }
  feed(bytes: Buffer): void {
    if (this.error !== undefined) return;
    try {
      this.reader.take(bytes, this);
    } catch (error) {
      if (!(error instanceof Http1Error)) throw error;
      this.error = error.status;
      this.reader.close();
    }
  }
}

function read(text: string, size: () => number = () => text.length) {
  const recorder = new Recorder();
  const bytes = Buffer.from(text, "latin1");
  for (let at = 0; at < bytes.length; ) {
    const count = Math.max(1, size());
    recorder.feed(Buffer.from(bytes.subarray(at, at + count)));
    at += count;
  }
  return recorder;
}

/** Whole messages; the last one of each is complete with its last byte and not before. */
const VALID: readonly string[] = [
  "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
  "GET / HTTP/1.0\r\n\r\n",
  "\r\nGET /a?b=c HTTP/1.1\r\nHost: a:80\r\nX-Empty:\r\nX-Y: \t z \t\r\n\r\n",
  "GET http://a.test/b HTTP/1.1\r\nHost: a.test\r\n\r\n",
  "OPTIONS * HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",
  "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n",
  "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
  "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
  "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\nx",
  "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n5;a="b\xe9"\r\nhello\r\n00A ; x\r\n0123456789\r\n000\r\nX-A: b\r\nX-C: d\r\n\r\n',
  "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
];

/** What is refused, however it comes. */
const INVALID: readonly string[] = [
  "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
  "GET / HTTP/1.1\nHost: a\r\n\r\n",
  "GET / HTTP/1.1\r\n\r\n",
  "GET / HTTP/9.9\r\nHost: a\r\n\r\n",
  "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
  "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
  "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello!",
  "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX\r\n\r\n",
  "POST / HTTP/1.1\r\nHost: a\r\nExpect: a-miracle\r\nContent-Length: 1\r\n\r\n",
  "GET / HTTP/1.0\r\nHost: a\r\nContent-Length: 1\r\n\r\nx",
  "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\nContent-Length: 1\r\n\r\nx",
  `GET /${"x".repeat(9000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
  `GET / HTTP/1.1\r\n${"a: b\r\n".repeat(101)}\r\n`,
];

describe("RequestReader", () => {
  test.each(VALID)("waits within %j for the rest of it", (text) => {
    const whole = read(text);
    expect(whole.error).toBeUndefined();
    expect(whole.reader.keptBytes).toBe(0);
    for (let length = 0; length < text.length; length++) {
      const { events, error } = read(text.slice(0, length));
      expect(error).toBeUndefined();
      expect(events.length).toBeLessThanOrEqual(whole.events.length);
      expect(events).not.toEqual(whole.events);
      events.forEach((event, i) => {
        const [expected = ""] = whole.events.slice(i);
        if (event.startsWith("body ")) expect(expected).toStartWith(event);
        else expect(event).toBe(expected);
      });
    }
  });

  test("is tired after so many heads, unless it is paused or nothing is left", () => {
    const recorder = new Recorder(2);
    const { events, reader } = recorder;
    recorder.feed(Buffer.from("GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(4)));
    expect([events.length, reader.tired, reader.mustWait]).toEqual([2, true, true]);
    reader.paused = true;
    expect([reader.tired, reader.mustWait]).toEqual([false, true]);
    reader.paused = false;
    reader.goOn(recorder);
    expect([events.length, reader.tired, reader.mustWait]).toEqual([4, false, false]);
  });

  test("tells the same of any chunking", () => {
    const message = fc.constantFrom(...VALID, ...INVALID);
    fc.assert(
      fc.property(
        fc.array(message, { minLength: 1, maxLength: 4 }),
        fc.infiniteStream(
          fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 99 })),
        ),
        (messages, sizes) => {
          const text = messages.join("");
          const whole = read(text);
          const pieces = read(text, () => sizes.next().value ?? 1);
          expect(pieces.events).toEqual(whole.events);
          expect(pieces.error).toBe(whole.error);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test("tells the same of any bytes in any chunking", () => {
    const part = fc.oneof(
      fc.constantFrom(...["GET", " ", "/", "HTTP/1.1", "\r\n", "\n", "\r", ":", "Host", "a", "\0"]),
      fc.constantFrom("Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n", "\r\n\r\n", "0"),
      fc.constantFrom("GET / HTTP/1.1\r\nHost: a\r\n", "3\r\nabc\r\n", "5;x=y\r\nhello", ","),
    );
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 16 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 7 })),
        (parts, sizes) => {
          const whole = read(parts.join(""));
          const pieces = read(parts.join(""), () => sizes.next().value ?? 1);
          expect(pieces.events).toEqual(whole.events);
          // A line that ends without CR is seen before its head is complete, whatever else is wrong with it.
          if (whole.error !== pieces.error)
            expect([whole.error, pieces.error]).not.toContain(undefined);
        },
      ),
      { numRuns: 3000 },
    );
  });

  test("takes nothing while it is paused, or before a request is answered", () => {
    const recorder = new Recorder();
    recorder.reader.paused = true;
    recorder.feed(Buffer.from("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    expect(recorder.events).toEqual([]);
    recorder.reader.paused = false;
    recorder.reader.state = "responding";
    recorder.reader.goOn(recorder);
    expect(recorder.events).toEqual([]);
    recorder.reader.state = "head";
    recorder.reader.goOn(recorder);
    expect(recorder.events).toHaveLength(1);
  });

  test("reads no more after it was closed", () => {
    const recorder = new Recorder();
    recorder.feed(Buffer.from("GET / HTT"));
    expect(recorder.reader.keptBytes).toBe(9);
    recorder.reader.close();
    recorder.feed(Buffer.from("P/1.1\r\nHost: a\r\n\r\n"));
    expect([recorder.events, recorder.reader.keptBytes]).toEqual([[], 0]);
  });
});
