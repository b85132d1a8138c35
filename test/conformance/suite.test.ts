import { expect, test } from "bun:test";
import { CountingReport } from "./suite.ts";

test("a report counts every case, and writes what failed and what was skipped", () => {
  const lines: string[] = [];
  const report = new CountingReport("hpack", (line) => lines.push(line));
  report.passed("a");
  report.passed("stories", 40);
  report.failed("b", "differs\nat length");
  report.skipped("c", "no corpus", 7);
  expect(report.tally).toEqual({ passed: 41, failed: 1, skipped: 7 });
  expect(lines).toEqual(["hpack: FAILED b: differs", "hpack: skipped c (7): no corpus"]);
});

test("a suite that fails everywhere does not flood its reader", () => {
  const lines: string[] = [];
  const report = new CountingReport("x", (line) => lines.push(line));
  for (let i = 0; i < CountingReport.MAX_FAILURE_LINES + 10; i++) report.failed(`${i}`, "no");
  expect(report.tally.failed).toBe(CountingReport.MAX_FAILURE_LINES + 10);
  expect(lines).toHaveLength(CountingReport.MAX_FAILURE_LINES);
});
