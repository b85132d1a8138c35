import { expect, test } from "bun:test";
import { annotation, parsePortRanges } from "./annotations.ts";

test("annotation() takes the pod's own value before its namespace's", () => {
  const both = { pod: { a: "1" }, namespace: { a: "2", b: "3" } };
  expect(["a", "b", "c"].map((key) => annotation(key, both))).toEqual(["1", "3", undefined]);
});

test("parsePortRanges() reads ports, ranges and the names of container ports", () => {
  expect(parsePortRanges(" 25, 8000-8010,,mysql", new Map([["mysql", 3306]]))).toEqual([
    { from: 25, to: 25 },
    { from: 8000, to: 8010 },
    { from: 3306, to: 3306 },
  ]);
});

test.each(["", "0", "65536", "10-5", "a", "1-", "-1", "1;2", "constructor"])(
  "parsePortRanges() leaves out %p",
  (text) => {
    expect(parsePortRanges(text)).toEqual([]);
  },
);
