import { expect, test } from "bun:test";
import { createPattern } from "#lib/http/pattern.ts";
import { meets, methodOf, type RequestCondition } from "./request-condition.ts";

const path = (text: string): RequestCondition => ({
  type: "path",
  pattern: createPattern(text) ?? { test: () => false },
});
const get: RequestCondition = { type: "method", method: "GET" };
const both: RequestCondition = { type: "all", of: [get, path("/a/.*")] };

test.each([
  [both, "GET", "/a/b", true],
  [both, "PUT", "/a/b", false],
  [both, "GET", "/b", false],
  [{ type: "any", of: [both, path("/b")] }, "PUT", "/b", true],
  [{ type: "any", of: [] }, "GET", "/", false],
  [{ type: "not", of: get }, "PUT", "/", true],
] as const)("%j is met by %s %s: %p", (condition, method, asked, met) => {
  expect(meets(condition as RequestCondition, asked, { method, protocol: "" })).toBe(met);
});

test("methodOf() takes the opening of a WebSocket for the GET that it is, and no other tunnel", () => {
  const asked = ["", "websocket", "WebSocket", "connect-udp"];
  expect(asked.map((protocol) => methodOf({ method: "CONNECT", protocol }))).toEqual([
    ...["CONNECT", "GET", "GET", "CONNECT"],
  ]);
});
