import { expect, test } from "bun:test";
import { matchesLabels, parseSelectors } from "./selectors.ts";

const object = { metadata: { name: "n", labels: { a: "1", b: "2" } }, spec: { nodeName: "x" } };

test.each([
  ["a=1", true],
  ["a==1,b!=3", true],
  ["a!=1", false],
  ["a in (1, 2)", true],
  ["a notin (1,2),b", false],
  ["c notin (1)", true],
  ["!c", true],
  ["!a", false],
])("parseSelectors() takes labels %s", (text, expected) => {
  expect(parseSelectors(text, undefined)(object)).toBe(expected);
});

test.each([
  ["metadata.name=n", true],
  ["spec.nodeName!=x", false],
  ["status.phase=", true],
])("parseSelectors() takes fields %s", (text, expected) => {
  expect(parseSelectors(undefined, text)(object)).toBe(expected);
});

test("parseSelectors() refuses what is none", () => {
  expect(() => parseSelectors("a b", undefined)).toThrow("unable to parse");
  expect(() => parseSelectors(undefined, "name")).toThrow("invalid selector");
});

test("matchesLabels() takes expressions", () => {
  const matches = (operator: string, values: string[] = []) =>
    matchesLabels({ matchExpressions: [{ key: "a", operator, values }] }, object.metadata.labels);
  expect([matches("In", ["1"]), matches("NotIn", ["1"])]).toEqual([true, false]);
  expect([matches("Exists"), matches("DoesNotExist")]).toEqual([true, false]);
  expect(matchesLabels({ matchLabels: { a: "2" } }, object.metadata.labels)).toBe(false);
});
