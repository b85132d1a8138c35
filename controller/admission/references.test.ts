import { expect, test } from "bun:test";
import { isReference } from "./references.ts";

test("a reference has a kind", () => {
  expect([{ kind: "A" }, { name: "a" }, { kind: 7 }, "A", null].map(isReference)).toEqual([
    true,
    false,
    false,
    false,
    false,
  ]);
});
