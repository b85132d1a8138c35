import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { OTHER_LIMIT, readFaultReasons, readReasons } from "./reasons.ts";
import { TABLES } from "./tables.ts";

test("reasons are read from a table", () => {
  const text = "| --- | --- | --- |\n| MET44 | runtime | none of ours |\n";
  expect(readReasons(text)).toEqual([{ row: "MET44", kind: "runtime", why: "none of ours" }]);
  expect(readFaultReasons("| F25 | no resource names a URL |\n")).toEqual([
    { row: "F25", kind: "fault", why: "no resource names a URL" },
  ]);
});

test("a kind that is none, and too many reasons of their own, are refused", () => {
  expect(() => readReasons("| P1 | lazy | no time |\n")).toThrow('"lazy" is no kind');
  const many = Array.from({ length: OTHER_LIMIT + 1 }, (_, i) => `| P${i + 1} | other | so |\n`);
  expect(() => readReasons(many.join(""))).toThrow("10 at most");
});

test("the reasons that are kept are of rows that exist", () => {
  const known = new Set(TABLES.flatMap(({ ids }) => ids));
  const kept = [
    ...readReasons(readFileSync("test/rows/README.md", "utf8")),
    ...readFaultReasons(readFileSync("test/faults/README.md", "utf8")),
  ];
  expect(kept.filter(({ row }) => !known.has(row))).toEqual([]);
  expect(kept.length).toBeGreaterThan(10);
});
