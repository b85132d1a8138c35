import { expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import { ErrorCode } from "#lib/http2/http2-error.ts";
import { ORIG_PROTO } from "./orig-proto.ts";
import { isToldByCode, mayResend, mayUpgrade } from "./resend.ts";

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

test.each([
  ["HTTP/2", "nothing", false, true, true],
  ["HTTP/2", "nothing", false, false, false],
  ["HTTP/2", "upgrade", false, true, true],
  ["HTTP/1.1", "nothing", false, true, false],
  ["HTTP/2", "carried", false, true, false],
  ["HTTP/2", "nothing", true, true, false],
] as const)(
  "over %s, turned into %s, still carried: %p, a call: %p: told by a code: %p",
  (version, turned, isCarried, grpc, told) => {
    const headers = isCarried ? HeaderList.of([ORIG_PROTO, "HTTP/1.1"]) : new HeaderList();
    expect(isToldByCode({ request: { version, headers }, turned, grpc })).toBe(told);
  },
);
