import { expect, test } from "bun:test";
import { hasName, isText, list, object, optional, texts } from "./shape.ts";

test("object() looks at the named fields, and at own ones only", () => {
  const shape = object({ a: isText, b: optional(isText) });
  expect([{ a: "x" }, { a: "x", b: null, c: 1 }].map(shape)).toEqual([true, true]);
  expect([{}, { a: 1 }, null, [], "a", { a: "x", b: 1 }].map(shape)).not.toContain(true);
  expect(object({ toString: isText })({})).toBe(false);
});

test("list() and texts() look at each entry", () => {
  expect([list(isText)(["a"]), list(isText)(["a", 1]), list(isText)({})]).toEqual([
    true,
    false,
    false,
  ]);
  expect([texts({ a: "b" }), texts({ a: 1 }), texts(["a"])]).toEqual([true, false, false]);
});

test("hasName() wants a name that is a text", () => {
  expect(hasName({ metadata: { name: "a", namespace: "b" } })).toBe(true);
  expect([null, {}, { metadata: {} }, { metadata: { name: "" } }].map(hasName)).not.toContain(true);
});
