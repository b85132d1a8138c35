import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { createMemoryShare, parseMemoryLimit, parseOwnMemory } from "./memory.ts";

test.each([
  ["268435456\n", 268_435_456],
  ["max\n", undefined],
  ["9223372036854771712", undefined],
  ["", undefined],
  ["0", undefined],
])("parseMemoryLimit(%p) is %p", (text, bytes) => {
  expect(parseMemoryLimit(text)).toBe(bytes);
});

test("createMemoryShare() asks a few times a second", () => {
  let [asked, nowMs] = [0, 0];
  const used = (): number => {
    asked++;
    return 50 * asked;
  };
  const share = createMemoryShare({ limitBytes: 100, usedBytes: used, now: () => nowMs });
  expect([share(), share(), asked]).toEqual([0.5, 0.5, 1]);
  nowMs = 250;
  expect([share(), asked]).toEqual([1, 2]);
  const without = createMemoryShare({ limitBytes: undefined, usedBytes: used, now: () => nowMs });
  expect([without(), asked]).toEqual([0, 2]);
});

test("parseOwnMemory() reads this process's own", () => {
  expect(parseOwnMemory("VmRSS:\t  90 kB\nRssAnon:\t  12 kB\nRssFile:\t 7 kB\n")).toBe(12_288);
  expect(parseOwnMemory(readFileSync("/proc/self/status", "utf8"))).toBeGreaterThan(2 ** 20);
  expect(parseOwnMemory("")).toBe(0);
});
