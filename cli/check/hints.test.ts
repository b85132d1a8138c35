import { expect, test } from "bun:test";
import { ALL_CATEGORIES } from "../commands/check.ts";
import { hintOf, MENDING } from "./hints.ts";

const anchors = new Set(ALL_CATEGORIES.flatMap(({ checks }) => checks.map(({ anchor }) => anchor)));

test("every finding says how it is mended, and nothing else has a sentence", () => {
  expect([...anchors].filter((anchor) => MENDING[anchor] === undefined)).toEqual([]);
  expect(Object.keys(MENDING).filter((anchor) => !anchors.has(anchor))).toEqual([]);
});

test("hintOf() points to the page that scripts know", () => {
  expect(hintOf("k8s-api").hint).toBe("https://linkerd.io/2/checks/#k8s-api");
});
