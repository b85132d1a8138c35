import { expect, test } from "bun:test";
import { HeaderList } from "#lib/http/headers.ts";
import { createPattern } from "#lib/http/pattern.ts";
import { hasFields, hasParameters } from "./match-fields.ts";
import type { MatchedHead, NamedMatch } from "./request-match.ts";

const exact = (name: string, text: string): NamedMatch => ({
  name,
  value: { type: "exact", text },
});
const regex = (name: string, text: string): NamedMatch => ({
  name,
  value: { type: "regex", pattern: createPattern(text) ?? { test: () => false } },
});
const HEAD: MatchedHead = {
  method: "GET",
  path: "/",
  authority: "web:80",
  protocol: "",
  headers: HeaderList.of(["x", "1"], ["y", "a"], ["x", "2"], ["z", "\xe9"]),
};

test.each([
  [true, []],
  [true, [exact("x", "1"), exact("y", "a")]],
  [true, [exact("x", "2")]],
  [true, [regex("x", "[0-9]")]],
  [true, [exact("host", "web:80")]],
  [true, [exact("z", "\xe9")]],
  [false, [exact("x", "3")]],
  [false, [exact("x", "1"), exact("y", "b")]],
  [false, [exact("w", "")]],
  [false, [regex("y", "b")]],
  [false, [regex("x", "")]],
  [false, [regex("z", ".*")]],
  [false, [regex("host", "web")]],
])("P24: hasFields() is %p for %p", (wanted, matches) => {
  expect(hasFields(HEAD, matches as NamedMatch[])).toBe(wanted as boolean);
});

test.each([
  [true, "/?a=1&b=2", [exact("a", "1"), exact("b", "2")]],
  [true, "/?a=0&a=1", [exact("a", "1")]],
  [true, "/?a", [exact("a", "")]],
  [true, "/?a=b%2Fc+d", [exact("a", "b/c d")]],
  [true, "/?a%20b=1", [exact("a b", "1")]],
  [true, "/??a=1", [exact("?a", "1")]],
  [true, "/?a=barr", [regex("a", "bar*")]],
  [false, "/?a=barro", [regex("a", "bar*")]],
  [false, "/??a=1", [exact("a", "1")]],
  [false, "/?a=1", [exact("a", "1"), exact("b", "2")]],
  [false, "/?A=1", [exact("a", "1")]],
  [false, "/", [exact("a", "")]],
])("P24: hasParameters() is %p for %p and %p", (wanted, target, matches) => {
  expect(hasParameters(target as string, matches as NamedMatch[])).toBe(wanted as boolean);
});
