import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { HeaderList } from "#lib/http/headers.ts";
import { BodyReader, CHUNK_LINE_LIMIT_BYTES, TRAILERS_LIMIT_BYTES } from "./body-reader.ts";
import type { Framing } from "./framing.ts";

function read(framing: Framing, text: string, pieces: Iterator<number>) {
  const reader = new BodyReader();
  const bytes = Buffer.from(text, "latin1");
  const got = { body: "", ended: false, trailers: undefined as HeaderList | undefined, rest: "" };
  const sink = {
    onBody: (chunk: Buffer) => {
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
const chunked = { type: "chunked" } as const;

describe("BodyReader", () => {
  test("reads chunks, extensions and trailers in any pieces", () => {
    const text = '3;a="b"\r\nabc\r\n0A\r\n0123456789\r\n0\r\nX-Y: z\r\nB: c\r\n\r\nrest';
    fc.assert(
      fc.property(fc.infiniteStream(fc.integer({ min: 1, max: 9 })), (sizes) => {
        const got = read(chunked, text, sizes);
        expect(got).toMatchObject({ body: "abc0123456789", ended: true, rest: "rest" });
        expect(got.trailers?.names).toEqual(["x-y", "b"]);
      }),
    );
    expect(read(chunked, "0\r\n\r\n", whole()).trailers).toBeUndefined();
  });

  test("reads as many bytes as were promised", () => {
    const got = read({ type: "length", bytes: 4 }, "abcdef", whole());
    expect(got).toMatchObject({ body: "abcd", ended: true, rest: "ef" });
    expect(read({ type: "length", bytes: 4 }, "abc", whole()).ended).toBe(false);
  });

  test("reads to the end of the connection", () => {
    expect(read({ type: "close" }, "abc", whole())).toMatchObject({ body: "abc", ended: false });
    const reader = new BodyReader();
    reader.begin({ type: "close" });
    expect(reader.untilClose).toBe(true);
    expect(
      reader.take(Buffer.from("ab"), 2, {
        onBody: () => expect.unreachable(),
        onBodyEnd: () => undefined,
      }),
    ).toBe(-1);
  });

  test("has nothing to read where there is no body", () => {
    const reader = new BodyReader();
    expect(reader.begin({ type: "none" })).toBe(true);
    const sink = { onBody: () => undefined, onBodyEnd: () => undefined };
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
    `${"1".repeat(13)}\r\n`,
  ])("refuses %j", (text) => {
    expect(() => read(chunked, text, whole())).toThrow(expect.objectContaining({ status: 400 }));
  });

  test("refuses a size line and trailers over their limits", () => {
    const line = `1;${"x".repeat(CHUNK_LINE_LIMIT_BYTES)}`;
    expect(() => read(chunked, line, whole())).toThrow(expect.objectContaining({ status: 431 }));
    const trailers = `0\r\na: ${"x".repeat(TRAILERS_LIMIT_BYTES)}\r\n\r\n`;
    expect(() => read(chunked, trailers, whole())).toThrow(
      expect.objectContaining({ status: 431 }),
    );
  });
});
