import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { HeaderList } from "#lib/http/headers.ts";
import {
  BodyReader,
  CHUNK_EXTENSION_LIMIT_BYTES,
  CHUNK_SIZE_LIMIT_DIGITS,
  TRAILERS_LIMIT_BYTES,
} from "./body-reader.ts";
import { CHUNKED, type Framing, NO_BODY, UNTIL_CLOSE } from "./framing.ts";

function read(framing: Framing, text: string, pieces: Iterator<number>) {
  const reader = new BodyReader();
  const bytes = Buffer.from(text, "latin1");
  const got = { body: "", ended: false, trailers: undefined as HeaderList | undefined, rest: "" };
  const sink = {
    onBodyBytes: (bytes: Buffer, from: number, to: number) => {
      const chunk = bytes.subarray(from, to);
      got.body += chunk.toString("latin1");
    },
    onBodyEnd: (trailers: HeaderList | undefined) => {
      got.ended = true;
      got.trailers = trailers;
    },
  };
  got.ended = reader.begin(framing);
  for (let at = 0; at < bytes.length && !got.ended; ) {
    const piece = bytes.subarray(at, at + (pieces.next().value ?? 1));
    const end = reader.take(piece, 0, sink);
    at += end < 0 ? piece.length : end;
    got.rest = bytes.subarray(at).toString("latin1");
  }
  return got;
}

const whole = function* () {
  for (;;) yield 1_000_000;
};

describe("BodyReader", () => {
  test("reads chunks, extensions and trailers in any pieces", () => {
    const text = '3;a="b"\r\nabc\r\n0A\r\n0123456789\r\n0\r\nX-Y: z\r\nB: c\r\n\r\nrest';
    fc.assert(
      fc.property(fc.infiniteStream(fc.integer({ min: 1, max: 9 })), (sizes) => {
        const got = read(CHUNKED, text, sizes);
        expect(got).toMatchObject({ body: "abc0123456789", ended: true, rest: "rest" });
        expect(got.trailers?.names).toEqual(["x-y", "b"]);
      }),
    );
    expect(read(CHUNKED, "0\r\n\r\n", whole()).trailers).toBeUndefined();
  });

  test("reads as many bytes as were promised", () => {
    const got = read(4, "abcdef", whole());
    expect(got).toMatchObject({ body: "abcd", ended: true, rest: "ef" });
    expect(read(4, "abc", whole()).ended).toBe(false);
  });

  test("reads to the end of the connection", () => {
    expect(read(UNTIL_CLOSE, "abc", whole())).toMatchObject({ body: "abc", ended: false });
    const reader = new BodyReader();
    reader.begin(UNTIL_CLOSE);
    expect(reader.untilClose).toBe(true);
    expect(
      reader.take(Buffer.from("ab"), 2, {
        onBodyBytes: () => expect.unreachable(),
        onBodyEnd: () => undefined,
      }),
    ).toBe(-1);
  });

  test("has nothing to read where there is no body", () => {
    const reader = new BodyReader();
    expect(reader.begin(NO_BODY)).toBe(true);
    const sink = { onBodyBytes: () => undefined, onBodyEnd: () => undefined };
    expect(reader.take(Buffer.from("next"), 1, sink)).toBe(1);
  });

  test.each([
    "\r\n",
    "g\r\n",
    "0x1\r\n",
    "-1\r\n",
    " 1\r\n",
    "1 \r\n",
    "1\n",
    "1;\x01\r\n",
    "1\r\nab\r\n",
    "1\r\na\n",
    `${"1".repeat(CHUNK_SIZE_LIMIT_DIGITS + 1)}\r\n`,
    "+1\r\n",
    "1_0\r\n",
    "1\r\r\n",
    "1;a\r\r\n",
    "1;a\n",
    "1;\r\n",
    "1 ; \r\n",
    "1 a\r\n",
    "1\r\nab",
    "1\r\na\rb",
    "0\r\n\rX",
    "0\r\nX\r\n\r\n",
    "0\r\n X: y\r\n\r\n",
    "0\r\nX: y\n\r\n",
  ])("refuses %j", (text) => {
    expect(() => read(CHUNKED, text, whole())).toThrow(expect.objectContaining({ status: 400 }));
  });

  test("takes extensions up to their limit, and none longer", () => {
    const chunk = (extension: string) => `1${extension}\r\na\r\n0\r\n\r\n`;
    for (const start of [";", " ;"]) {
      const longest = start.padEnd(CHUNK_EXTENSION_LIMIT_BYTES, "x");
      expect(read(CHUNKED, chunk(longest), whole())).toMatchObject({ body: "a", ended: true });
      expect(() => read(CHUNKED, chunk(`${longest}x`), whole())).toThrow(
        expect.objectContaining({ status: 400, code: "limit" }),
      );
    }
  });

  test("takes sizes up to their limit", () => {
    const size = "1".padStart(CHUNK_SIZE_LIMIT_DIGITS, "0");
    expect(read(CHUNKED, `${size}\r\na\r\n0\r\n\r\n`, whole()).body).toBe("a");
  });

  test.each([1_000_000, 1000, 1])("takes trailers up to their limit, in pieces of %p", (piece) => {
    const pieces = function* () {
      for (;;) yield piece;
    };
    const trailers = (bytes: number) => {
      const lines = "a: b\r\n".repeat(10);
      return `0\r\n${lines}c: ${"x".repeat(bytes - lines.length - 3)}\r\n\r\nrest`;
    };
    const got = read(CHUNKED, trailers(TRAILERS_LIMIT_BYTES), pieces());
    expect(got.trailers?.length).toBe(11);
    if (piece > 1) expect(got.rest).toEndWith("rest");
    expect(() => read(CHUNKED, trailers(TRAILERS_LIMIT_BYTES + 1), pieces())).toThrow(
      expect.objectContaining({ status: 431 }),
    );
  });

  test("drops from trailers what only a head may say", () => {
    const text = "0\r\nContent-Length: 5\r\nHost: a\r\nX-Sum: 1\r\nL5d-Client-Id: me\r\n\r\n";
    expect(read(CHUNKED, text, whole()).trailers?.names).toEqual(["x-sum"]);
    expect(read(CHUNKED, "0\r\nTE: trailers\r\n\r\n", whole()).trailers).toBeUndefined();
  });
});
