import { expect, test } from "bun:test";
import { isReference } from "./references.ts";

test("a reference has a kind and a name", () => {
  expect(isReference({ kind: "A", name: "a" })).toBe(true);
  for (const wrong of [{ kind: "A" }, { name: "a" }, { kind: 7, name: "a" }, "A", null])
    expect(isReference(wrong)).toBe(false);
});
