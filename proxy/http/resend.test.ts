import { expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import { ErrorCode } from "#lib/http2/http2-error.ts";
import { mayResend, mayUpgrade } from "./resend.ts";

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

test("an extended CONNECT that a server does not know may go on as an Upgrade, nothing else", () => {
  const reset = { reason: "refused", code: ErrorCode.CONNECT_ERROR, unprocessed: true } as const;
  const head = (protocol: string) => ({
    ...{ method: "CONNECT", scheme: "http", authority: "web", path: "/", protocol },
    ...{ version: "HTTP/2" as const, headers: new HeaderList() },
  });
  expect(mayUpgrade(reset, head("websocket"))).toBe(true);
  expect(mayUpgrade(reset, head(""))).toBe(false);
  expect(mayUpgrade({ ...reset, unprocessed: false }, head("websocket"))).toBe(false);
  expect(mayUpgrade({ ...reset, code: ErrorCode.CANCEL }, head("websocket"))).toBe(false);
});
