import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { HeaderList } from "#lib/http/headers.ts";
import type { ResponseHead } from "#lib/http/message.ts";
import { INFORMATIONAL_LIMIT } from "#lib/http/semantics.ts";
import { Http1Error } from "./http1-error.ts";
import { ResponseReader, type ResponseSink } from "./response-reader.ts";

/** Writes down what is read, for one request after the other. */
class Recorder implements ResponseSink {
  readonly events: string[] = [];
  readonly reader = new ResponseReader();
  readonly #methods: string[];
  refused = false;

  constructor(methods: readonly string[]) {
    this.#methods = [...methods];
    this.next();
  }
  next(): void {
    const method = this.#methods.shift();
    if (method === undefined) this.reader.state = "idle";
    else this.reader.begin(method.replace("+upgrade", ""), method.endsWith("+upgrade"));
  }
  onInformational(head: ResponseHead): void {
    this.events.push(`informational ${head.status}`);
  }
  onHead({ status, version, headers }: ResponseHead, ended: boolean): void {
    const { persistent, state } = this.reader;
    this.events.push(
      [status, version, headers.names.join(), headers.values.join(), persistent, state, ended].join(
        " ",
      ),
    );
    if (ended) this.next();
  }
  onBodyBytes(bytes: Buffer, from: number, to: number): void {
    const chunk = bytes.subarray(from, to);
    const last = this.events.at(-1) ?? "";
    const text = chunk.toString("latin1");
    if (last.startsWith("body ")) this.events[this.events.length - 1] = last + text;
    else this.events.push(`body ${text}`);
  }
  onBodyEnd(trailers: HeaderList | undefined): void {
    this.events.push(`end ${trailers?.names.join() ?? ""}`);
    this.next();
  }
  feed(bytes: Buffer): void {
    if (this.refused) return;
    try {
      this.reader.take(bytes, this);
    } catch (error) {
      if (!(error instanceof Http1Error)) throw error;
      this.refused = true;
      this.reader.close();
    }
  }
}

function read(methods: readonly string[], text: string, size: () => number = () => text.length) {
  const recorder = new Recorder(methods);
  const bytes = Buffer.from(text, "latin1");
  for (let at = 0; at < bytes.length; ) {
    const count = Math.max(1, size());
    recorder.feed(Buffer.from(bytes.subarray(at, at + count)));
    at += count;
  }
  return recorder;
}

/** Whole responses and the method that each answers. */
const VALID: readonly (readonly [method: string, text: string])[] = [
  ["GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"],
  ["GET", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n"],
  ["GET", "HTTP/1.0 200 O\xe9 K\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\nx"],
  ["HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"],
  ["GET", "HTTP/1.1 204 No Content\r\n\r\n"],
  ["GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"],
  ["POST", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 x\r\nLink: a\r\n\r\nHTTP/1.1 204 x\r\n\r\n"],
  [
    "GET",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;e\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n",
  ],
  ["GET+upgrade", "HTTP/1.1 426 No\r\nContent-Length: 2\r\nUpgrade: x\r\n\r\nno"],
  ["CONNECT", "HTTP/1.1 502 Bad\r\nContent-Length: 2\r\n\r\nno"],
];

/** What is refused, whatever it answers. */
const INVALID: readonly string[] = [
  "\r\nHTTP/1.1 200 OK\r\n\r\n",
  "HTTP/1.1 2000 OK\r\n\r\n",
  "HTTP/2.0 200 OK\r\n\r\n",
  "ICY 200 OK\r\n\r\n",
  "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
  "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n",
  "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
  "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n",
  "HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n",
  "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n",
  "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx",
];

describe("ResponseReader", () => {
  test.each(VALID)("waits within an answer to %s, %j, for the rest of it", (method, text) => {
    const whole = read([method], text);
    expect([whole.refused, whole.reader.state]).toEqual([false, "idle"]);
    for (let length = 0; length < text.length; length++) {
      const { events, refused } = read([method], text.slice(0, length));
      expect(refused).toBe(false);
      expect(events).not.toEqual(whole.events);
      events.forEach((event, i) => {
        const [expected = ""] = whole.events.slice(i);
        if (event.startsWith("body ")) expect(expected).toStartWith(event);
        else expect(event).toBe(expected);
      });
    }
  });

  test("tells the same of any chunking", () => {
    const valid = fc.constantFrom(...VALID);
    const invalid = fc.constantFrom(...INVALID.map((text) => ["GET", text] as const));
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 4, arbitrary: valid }, invalid), {
          minLength: 1,
          maxLength: 4,
        }),
        fc.infiniteStream(fc.integer({ min: 1, max: 40 })),
        (answers, sizes) => {
          const methods = answers.map(([method]) => method);
          const text = answers.map(([, each]) => each).join("");
          const whole = read(methods, text);
          const pieces = read(methods, text, () => sizes.next().value ?? 1);
          expect(pieces.events).toEqual(whole.events);
          expect(pieces.refused).toBe(whole.refused);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test.each(INVALID)("refuses %j", (text) => {
    expect(read(["GET"], text).refused).toBe(true);
  });

  test("knows where a body ends with the connection", () => {
    const { events, reader } = read(["GET"], "HTTP/1.1 200 OK\r\n\r\nto the end");
    expect(reader).toMatchObject({ persistent: false, endsWithConnection: true });
    expect(events.at(-1)).toBe("body to the end");
    expect(read(["GET"], VALID[0]?.[1].slice(0, -1) ?? "").reader.endsWithConnection).toBe(false);
  });

  test("switches where that was asked for, and to CONNECT that succeeds", () => {
    const switched = "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\nraw \0";
    expect(read(["GET+upgrade"], switched).events.at(-1)).toBe("body raw \0");
    expect(read(["CONNECT"], "HTTP/1.1 200 OK\r\n\r\nraw").reader.state).toBe("tunnel");
  });

  test("refuses bytes that answer nothing, and more informational responses than their limit", () => {
    const surplus = read(["HEAD"], "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
    expect([surplus.events.length, surplus.refused]).toEqual([1, true]);
    const informational = "HTTP/1.1 102 x\r\n\r\n".repeat(INFORMATIONAL_LIMIT);
    expect(read(["GET"], informational).refused).toBe(false);
    expect(read(["GET"], `${informational}HTTP/1.1 102 x\r\n\r\n`).refused).toBe(true);
  });

  test("takes nothing more once it is closed", () => {
    const recorder = new Recorder(["GET"]);
    recorder.reader.close();
    recorder.feed(Buffer.from("HTTP/1.1 204 x\r\n\r\n"));
    expect(recorder.events).toEqual([]);
  });
});
