import { expect, test } from "bun:test";
import { createPattern } from "#lib/http/pattern.ts";
import { meets, type RequestCondition } from "./request-condition.ts";

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
  expect(meets(condition as RequestCondition, asked, { method })).toBe(met);
});
