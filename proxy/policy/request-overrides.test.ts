import { expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import { parseDuration, takeOverrides } from "./request-overrides.ts";

test.each([
  ["10ms", 10],
  ["2s", 2000],
  [" 3m ", 180_000],
  ["1h", 3_600_000],
  ["1d", 86_400_000],
  ["0", 0],
  ["0s", 0],
  ["1", undefined],
  ["1.5s", undefined],
  ["-1s", undefined],
  ["1 s", undefined],
  ["1w", undefined],
  ["s", undefined],
  ["", undefined],
  ["99999999999999999999d", undefined],
])("P19: parseDuration(%p) is %p", (text, ms) => {
  expect(parseDuration(text as string)).toBe(ms as number);
});

test("HDR9, P19: takeOverrides() takes times away; l5d-request-timeout wins over l5d-timeout", () => {
  const headers = HeaderList.of(
    ["l5d-timeout", "1s"],
    ["a", "b"],
    ["l5d-request-timeout", "2s"],
    ["l5d-response-timeout", "3s"],
    ["l5d-request-timeout", "4s"],
    ["l5d-client-id", "x"],
  );
  expect(takeOverrides(headers)).toEqual({
    requestMs: 2000,
    responseMs: 3000,
    retry: undefined,
  });
  expect(headers.names).toEqual(["a", "l5d-client-id"]);
  expect(takeOverrides(HeaderList.of(["l5d-timeout", "1s"], ["l5d-request-timeout", "x"]))).toEqual(
    {
      requestMs: 1000,
      responseMs: undefined,
      retry: undefined,
    },
  );
  expect(takeOverrides(HeaderList.of(["link", "1s"]))).toBeUndefined();
});

test("HDR8, P19: takeOverrides() takes retries away: statuses, codes, how often, how long", () => {
  const headers = HeaderList.of(
    ["l5d-retry-http", "5xx,429,502-504,Gateway-Error,600,504-502,x"],
    ["l5d-retry-grpc", "cancelled,Unavailable,ok"],
    ["l5d-retry-limit", "3"],
    ["l5d-retry-timeout", "400ms"],
  );
  expect(takeOverrides(headers)?.retry).toEqual({
    statuses: [
      { first: 500, last: 599 },
      { first: 429, last: 429 },
      { first: 502, last: 504 },
      { first: 502, last: 504 },
    ],
    codes: [1, 14],
    limit: 3,
    timeoutMs: 400,
  });
  expect(headers.length).toBe(0);
});

test.each([
  ["0", 0],
  ["65535", 65_535],
  ["99999", 65_535],
  ["100000", 65_535],
  ["9".repeat(20), 65_535],
])(
  "HDR8: l5d-retry-limit: %s is %p retries, as policy has no more than that either",
  (text, limit) => {
    expect(takeOverrides(HeaderList.of(["l5d-retry-limit", text]))?.retry?.limit).toBe(limit);
  },
);

test("HDR8: what of retries cannot be read is as if it had not been said", () => {
  const said = takeOverrides(HeaderList.of(["l5d-retry-limit", "-1"], ["l5d-retry-timeout", "x"]));
  expect(said?.retry).toBeUndefined();
  expect(takeOverrides(HeaderList.of(["l5d-retry-http", "x"]))?.retry?.statuses).toEqual([]);
});
