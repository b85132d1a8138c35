import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { fieldName, fieldSlot, fieldValue, isKept, RECENT_TEXT_LIMIT } from "./known-fields.ts";

/** The name of `text[from .. end)`, as a parser asks for it. */
const nameAt = (text: string, from: number, end: number): string =>
  fieldName(text, from, end, fieldSlot(text, from, end));

test.each(["Content-Length", "HOST", "etag", "x-request-id", "X", "x_b", "Conten\xb4-Type"])(
  "fieldName() of %s is its lower case",
  (name) => {
    expect(nameAt(`a: b\r\n${name}: c`, 6, 6 + name.length)).toBe(name.toLowerCase());
  },
);

test("fieldName() gives the same string for the same name, and never another", () => {
  const name = fc
    .array(fc.constantFrom(..."acdeghlnostTyE-_~|1"), { minLength: 1, maxLength: 16 })
    .map((characters) => characters.join(""));
  fc.assert(
    fc.property(name, fc.string(), (token, before) => {
      const text = `${before}${token}: v`;
      expect(nameAt(text, before.length, before.length + token.length)).toBe(token.toLowerCase());
    }),
    { numRuns: 2000 },
  );
});

describe("fieldValue()", () => {
  const valueAt = (line: string): string => {
    const colon = line.indexOf(":");
    return fieldValue(line, colon + 2, line.length, fieldSlot(line, 0, colon));
  };

  test("is the value, whatever came before", () => {
    const line = fc.tuple(
      fc.constantFrom("Server", "ETAG", "cookie", "x-unknown"),
      fc.stringMatching(/^[ -~]{0,40}$/),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), (lines) => {
        for (const [name, value] of lines) expect(valueAt(`${name}: ${value}`)).toBe(value);
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    ["server", RECENT_TEXT_LIMIT, true],
    ["server", RECENT_TEXT_LIMIT + 1, false],
    ["authorization", 100, false],
    ["cookie", 100, false],
    ["set-cookie", 100, false],
  ])("keeps one of %s out of a text of %i characters: %p", (name, length, kept) => {
    expect(isKept(fieldSlot(name, 0, name.length), length)).toBe(kept);
  });
});
