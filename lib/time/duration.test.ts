import { expect, test } from "bun:test";
import { parseDuration } from "./duration.ts";

test.each([
  ["100ms", 100],
  [" 10s ", 10_000],
  ["2m", 120_000],
  ["1h", 3_600_000],
  ["365d", 31_536_000_000],
  ["0", 0],
  ["5", undefined],
  ["1.5s", undefined],
  ["", undefined],
])("parseDuration(%p) is %p", (text, ms) => {
  expect(parseDuration(text)).toBe(ms as number);
});
