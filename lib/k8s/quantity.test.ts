import { expect, test } from "bun:test";
import { parseQuantity } from "./quantity.ts";

test.each([
  ["100m", 0.1],
  ["64Mi", 67_108_864],
  ["1.5", 1.5],
  ["1e3", 1000],
  ["2k", 2000],
  ["1e99", undefined],
  ["1e999", undefined],
  ["2mi", undefined],
  ["1Kib", undefined],
  ["-1", undefined],
  ["", undefined],
  ["9".repeat(100), undefined],
])("parseQuantity(%j) is %p", (text, value) => {
  expect(parseQuantity(text)).toBe(value as number);
});
