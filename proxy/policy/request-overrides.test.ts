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
  expect(takeOverrides(headers)).toEqual({ requestMs: 2000, responseMs: 3000 });
  expect(headers.names).toEqual(["a", "l5d-client-id"]);
  expect(takeOverrides(HeaderList.of(["l5d-timeout", "1s"], ["l5d-request-timeout", "x"]))).toEqual(
    {
      requestMs: 1000,
      responseMs: undefined,
    },
  );
  expect(takeOverrides(HeaderList.of(["link", "1s"]))).toBeUndefined();
});
