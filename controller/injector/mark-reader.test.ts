import { expect, test } from "bun:test";
import { MarkReader, matching, quoted, WARNINGS_LIMIT, within } from "./mark-reader.ts";

test("MarkReader takes the pod's value over its namespace's, and tells what it passes over", () => {
  const reader = new MarkReader({
    pod: { a: " 7 ", c: "" },
    namespace: { a: "8", b: "x", c: "9" },
  });
  expect(reader.read("a", within(1, 9))).toBe(7);
  expect(reader.read("b", matching(/^\d$/))).toBeUndefined();
  expect(reader.read("c", within(1, 9))).toBeUndefined();
  expect(reader.warnings).toEqual(['annotation b cannot be "x"']);
});

test("MarkReader tells no more than kubectl shows", () => {
  const reader = new MarkReader({ pod: undefined, namespace: undefined });
  for (let at = 0; at < WARNINGS_LIMIT + 3; at++) reader.warn(`w${at}`);
  expect(reader.warnings).toHaveLength(WARNINGS_LIMIT + 1);
  expect(reader.warnings.at(-1)).toBe("and 3 more annotations cannot be used");
});

test("quoted() is short and has nothing that a terminal acts on", () => {
  expect(quoted("\u001b[2J\u009b\n")).toBe('"\\u001b[2J\\u009b\\n"');
  expect(quoted("x".repeat(1e6))).toHaveLength(43);
});
