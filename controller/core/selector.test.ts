import { expect, test } from "bun:test";
import { type LabelRequirement, selects } from "./selector.ts";

const one = (operator: LabelRequirement["operator"], ...values: string[]) => [
  { key: "app", operator, values },
];

test("selects() takes everything by an empty selector, and nothing without one", () => {
  expect(selects([], {})).toBe(true);
  expect(selects(undefined, { app: "web" })).toBe(false);
});

test.each([
  [one("in", "web", "db"), [true, false, false]],
  [one("not-in", "web"), [false, true, true]],
  [one("exists"), [true, true, false]],
  [one("absent"), [false, false, true]],
  [
    [...one("exists"), ...one("in", "db")],
    [false, false, false],
  ],
])("selects() by %j", (selector, expected) => {
  const labels = [{ app: "web" }, { app: "x" }, {}];
  expect(labels.map((each) => selects(selector, each as Record<string, string>))).toEqual(expected);
});

test("selects() knows no label that is inherited", () => {
  expect(selects([{ key: "constructor", operator: "exists", values: [] }], {})).toBe(false);
});
