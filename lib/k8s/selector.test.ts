import { expect, test } from "bun:test";
import { matchesSelector } from "./selector.ts";
import type { LabelSelector } from "./types/meta.ts";

const CASES: [LabelSelector | undefined, boolean][] = [
  [undefined, false],
  [{}, true],
  [{ matchLabels: { app: "web" } }, true],
  [{ matchLabels: { app: "other" } }, false],
  [{ matchExpressions: [{ key: "app", operator: "In", values: ["web", "x"] }] }, true],
  [{ matchExpressions: [{ key: "app", operator: "NotIn", values: ["web"] }] }, false],
  [{ matchExpressions: [{ key: "none", operator: "NotIn", values: ["web"] }] }, true],
  [{ matchExpressions: [{ key: "app", operator: "Exists" }] }, true],
  [{ matchExpressions: [{ key: "app", operator: "DoesNotExist" }] }, false],
  [{ matchExpressions: [{ key: "app", operator: "Unknown" }] }, false],
];

test.each(CASES)("matchesSelector() %j is %p", (selector, expected) => {
  expect(matchesSelector(selector, { app: "web" })).toBe(expected);
  expect(matchesSelector({}, undefined)).toBe(true);
});
