import { expect, test } from "bun:test";
import { parseDuration, parseGoDuration } from "./duration.ts";

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
  ["315576000000s", 315_576_000_000_000],
  ["315576000001s", undefined],
])("parseDuration(%p) is %p", (text, ms) => {
  expect(parseDuration(text)).toBe(ms as number);
});

test.each([
  ["2s", 2000],
  ["1m30s", 90_000],
  ["500ms", 500],
  ["1.5s", 1500],
  ["1d", 86_400_000],
  ["2", undefined],
  ["", undefined],
  ["-1s", undefined],
  ["1s ", undefined],
  ["3652500d", 315_576_000_000_000],
  ["3652500d1ms", undefined],
  ["999999999999999d", undefined],
])("parseGoDuration(%j) is %p", (text, ms) => {
  expect(parseGoDuration(text)).toBe(ms as never);
});
