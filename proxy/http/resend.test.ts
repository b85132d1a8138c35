import { expect, test } from "bun:test";
import { mayResend } from "./resend.ts";

test.each([
  ["POST", "refused", true, true, true],
  ["GET", "connection", false, false, true],
  ["GET", "connection", false, true, false],
  ["POST", "connection", false, false, false],
  ["GET", "protocol", false, false, false],
] as const)(
  "a %s that ended by %s, unprocessed: %p, sent again before: %p, may go out again: %p",
  (method, reason, unprocessed, resent, may) => {
    expect(mayResend({ reason, code: 0, unprocessed }, method, resent)).toBe(may);
  },
);
