import { expect, test } from "bun:test";
import { parseExposition } from "#lib/metrics/parse.ts";
import { growthOf, latencyOf, share, sum } from "./growth.ts";

const pair = (first: string, second: string, seconds = 2) => ({
  ...{ first: parseExposition(first), second: parseExposition(second), seconds },
});
const all = (): boolean => true;

test("growthOf() counts from nothing where a series, or its whole process, began again", () => {
  const of = (first: string, second: string): number[] =>
    growthOf(pair(first, second), ({ name }) => name === "a").map(({ growth }) => growth);
  expect(of("a 5\n", "a 8\nb 9\n")).toEqual([3]);
  expect(of("a 5\n", "a 2\n")).toEqual([2]);
  const started = (at: number): string => `process_start_time_seconds ${at}\n`;
  expect(of(`${started(1)}a 5\n`, `${started(9)}a 8\n`)).toEqual([8]);
});

test("rates are by the proxy's own clock, where it has one", () => {
  const clock = (at: number): string => `process_clock_time_seconds ${at}\n`;
  const rateOf = (first: string, second: string): number =>
    sum(
      growthOf(pair(first, second), ({ name }) => name === "a"),
      "rate",
    );
  expect(rateOf("a 0\n", "a 8\n")).toBe(4);
  expect(rateOf(`${clock(10)}a 0\n`, `${clock(18)}a 8\n`)).toBe(1);
});

test("share() and latencyOf() say nothing of nothing", () => {
  expect(share([], all)).toBeUndefined();
  expect(latencyOf([])).toEqual({ p50: undefined, p95: undefined, p99: undefined });
  const buckets = growthOf(pair("", 'h{le="10"} 50\nh{le="20"} 100\nh{le="+Inf"} 100\n'), all);
  expect(latencyOf(buckets)).toEqual({ p50: 10, p95: 19, p99: 19.8 });
});
