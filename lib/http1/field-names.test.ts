import { expect, test } from "bun:test";
import fc from "fast-check";
import { fieldName } from "./field-names.ts";

test.each(["Content-Length", "HOST", "etag", "x-request-id", "X", "x_b", "Conten\xb4-Type"])(
  "fieldName() of %s is its lower case",
  (name) => {
    expect(fieldName(`a: b\r\n${name}: c`, 6, 6 + name.length)).toBe(name.toLowerCase());
  },
);

test("fieldName() gives the same string for the same name, and never another", () => {
  const name = fc
    .array(fc.constantFrom(..."acdeghlnostTyE-_~|1"), { minLength: 1, maxLength: 16 })
    .map((characters) => characters.join(""));
  fc.assert(
    fc.property(name, fc.string(), (token, before) => {
      const text = `${before}${token}: v`;
      expect(fieldName(text, before.length, before.length + token.length)).toBe(
        token.toLowerCase(),
      );
    }),
    { numRuns: 2000 },
  );
});
