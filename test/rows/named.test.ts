import { expect, test } from "bun:test";
import { rowsNamed } from "./named.ts";
import { TABLES } from "./tables.ts";

const KNOWN = new Set(TABLES.flatMap(({ ids }) => ids));

test.each([
  ["OUT7: a bad backend fails its share", ["OUT7"]],
  ["F13, F14: never two", ["F13", "F14"]],
  ["INB3 and INB4: probes", ["INB3", "INB4"]],
  ["G2 a body of 3", ["G2"]],
  ["DNS_MIN_TTL, DNS_MAX_TTL: answers are kept as long", ["DNS_MIN_TTL", "DNS_MAX_TTL"]],
  ["retry.linkerd.io/http: a list of codes", ["retry.linkerd.io/http"]],
  ["resource.opentelemetry.io/<attr>: becomes an attribute", ["resource.opentelemetry.io/<attr>"]],
  ["Server.policy.linkerd.io: selects pods", ["Server.policy.linkerd.io"]],
  ["a title that speaks of OUT7", []],
  ["OUT99: no such row", []],
  ["OUT7b: no such row", []],
  ["HOSTNAMES: no such row", []],
])("rowsNamed(%p) is %p", (title, rows) => {
  expect(rowsNamed(title, KNOWN)).toEqual(rows);
});

test("a test that names six rows is refused", () => {
  expect(() => rowsNamed("P1, P2, P3, P4, P5, P6: all", KNOWN)).toThrow("5 rows at most");
});

test("no id stands in two tables", () => {
  expect(KNOWN.size).toBe(TABLES.reduce((total, { ids }) => total + ids.length, 0));
});
