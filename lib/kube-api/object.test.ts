import { expect, test } from "bun:test";
import {
  at,
  fieldsOf,
  listOf,
  numberAt,
  sameJson,
  stringsOf,
  textAt,
  timestamp,
} from "./object.ts";

test("at() and its kin read what is there", () => {
  const object = { a: { b: [{ c: 1 }, "x"], d: "", e: 3 } };
  expect(at(object, "a", "b", "c")).toBeUndefined();
  expect(listOf(at(object, "a", "b"))).toEqual([{ c: 1 }]);
  expect(stringsOf(at(object, "a", "b"))).toEqual(["x"]);
  expect([textAt(object, "a", "d"), numberAt(object, "a", "e")]).toEqual([undefined, 3]);
  expect(fieldsOf([1])).toEqual({});
});

test("sameJson() does not mind the order of fields", () => {
  expect(sameJson({ a: 1, b: [1, 2] }, { b: [1, 2], a: 1 })).toBe(true);
  expect(sameJson({ a: [1, 2] }, { a: [2, 1] })).toBe(false);
  expect(sameJson({ a: 1 }, null)).toBe(false);
});

test("timestamp() has whole seconds", () => {
  expect(timestamp(1_999)).toBe("1970-01-01T00:00:01Z");
});
