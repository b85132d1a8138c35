import { expect, test } from "bun:test";
import { isRetryable } from "./retry-rule.ts";

const rule = {
  statuses: [
    { first: 500, last: 502 },
    { first: 429, last: 429 },
  ],
  codes: [14],
};

test.each([
  [500, -1, true],
  [502, -1, true],
  [503, -1, false],
  [429, 0, true],
  [200, -1, false],
  [200, 14, true],
  [200, 4, false],
])("P33: an answer with status %p and gRPC status %p is tried again: %p", (status, code, again) => {
  expect(isRetryable(rule, status as number, code as number)).toBe(again as boolean);
});
