import { expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import { penaltyOf } from "./penalty.ts";

const RULE = { penaltyMs: 5000, maxRetryAfterMs: 300_000 };
const WALL_MS = Date.UTC(1994, 10, 6, 8, 49, 37);

function penalty(status: number, headers: Record<string, string> = {}): number {
  const head = {
    status,
    version: "HTTP/2" as const,
    headers: HeaderList.of(...Object.entries(headers)),
  };
  return penaltyOf(head, RULE, WALL_MS);
}
const call = (code: number | string, headers: Record<string, string> = {}): number =>
  penalty(200, {
    "content-type": "application/grpc+proto",
    "grpc-status": String(code),
    ...headers,
  });

test("P30: a response that asks for fewer requests, or that failed, costs the penalty", () => {
  expect([200, 204, 302, 404, 428].map((status) => penalty(status))).toEqual([-1, -1, -1, -1, -1]);
  expect([429, 500, 502, 503, 504, 599].map((status) => penalty(status))).toEqual(
    new Array(6).fill(5000),
  );
});

test("P30: of calls those whose head has one of six codes", () => {
  const codes = Array.from({ length: 17 }, (_, code) => code);
  expect(codes.filter((code) => call(code) === 5000)).toEqual([2, 4, 8, 13, 14, 15]);
  expect(codes.filter((code) => call(code) === -1)).toHaveLength(11);
  expect([call(""), call("x")]).toEqual([-1, -1]);
  // A code that comes later, and one that is not a call's.
  expect(penalty(200, { "content-type": "application/grpc" })).toBe(-1);
  expect(penalty(200, { "grpc-status": "14" })).toBe(-1);
});

test.each([
  ["seconds", "60", 60_000],
  ["less than the penalty", "1", 5000],
  ["more than the cap", "3600", 300_000],
  ["far more", "999999999999999", 300_000],
  ["a date", "Sun, 06 Nov 1994 08:50:37 GMT", 60_000],
  ["a date as of RFC 850", "Sunday, 06-Nov-94 08:50:37 GMT", 60_000],
  ["a date as of asctime", "Sun Nov  6 08:50:37 1994", 60_000],
  ["a date that has passed", "Sun, 06 Nov 1994 08:00:00 GMT", 5000],
  ["nothing that can be read", "soon", 5000],
  ["a fraction", "60.5", 5000],
  ["less than nothing", "-60", 5000],
])("P30: Retry-After of %s counts as %s of 429 and 503 alone", (_, value, ms) => {
  expect([429, 503].map((status) => penalty(status, { "retry-after": value }))).toEqual([ms, ms]);
  expect([500, 200].map((status) => penalty(status, { "retry-after": value }))).toEqual([5000, -1]);
});

test.each([
  ["60000", 60_000],
  ["1", 5000],
  ["400000", 300_000],
  ["-1", 5000],
  ["2147483648", 5000],
  ["1s", 5000],
])(
  "P30: grpc-retry-pushback-ms of %s counts as %i of RESOURCE_EXHAUSTED and UNAVAILABLE alone",
  (value, ms) => {
    const headers = { "grpc-retry-pushback-ms": value };
    expect([8, 14].map((code) => call(code, headers))).toEqual([ms, ms]);
    expect([13, 0].map((code) => call(code, headers))).toEqual([5000, -1]);
    expect(penalty(503, headers)).toBe(5000);
  },
);
