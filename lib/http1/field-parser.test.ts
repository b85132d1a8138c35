import { describe, expect, test } from "bun:test";
import { ParsedFields, parseFields, parseTrailers } from "./field-parser.ts";

describe("parseTrailers()", () => {
  test("reads fields and drops what only a head may say", () => {
    const parse = (text: string) => parseTrailers(Buffer.from(text), 0, text.length);
    expect(parse("A: b\r\nHost: a\r\n")?.names).toEqual(["a"]);
    for (const field of ["Host: a", "Content-Length: 1", "Transfer-Encoding: chunked"])
      expect(parse(`${field}\r\n`)).toBeUndefined();
    expect(() => parse("a b\r\n")).toThrow(expect.objectContaining({ status: 400 }));
  });
});

test("ParsedFields marks a repeated length", () => {
  const fields = new ParsedFields();
  parseFields("Host: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n", 0, fields);
  expect(fields.repeated).toBe(true);
});
