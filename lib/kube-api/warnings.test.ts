import { expect, test } from "bun:test";
import { warningField, withWarnings } from "./warnings.ts";

test.each([
  [[], undefined],
  [["a"], '299 - "a"'],
  [["a", "b", "a"], '299 - "a", 299 - "b"'],
  [['say "no"\\'], '299 - "say \\"no\\"\\\\"'],
  [["two\r\nlines, and é"], '299 - "two  lines, and  "'],
  [["x".repeat(4000), "y".repeat(4000)], `299 - "${"x".repeat(4000)}"`],
])("warningField(): %#", (warnings, field) => {
  expect(warningField(warnings)["warning"]).toBe(field as string);
});

test("withWarnings() adds to answers what was warned of before them, and hands all else on", () => {
  const warnings: string[] = [];
  const seen: unknown[] = [];
  const request = {
    head: { method: "PUT" },
    ...{ path: "/p", query: new URLSearchParams("a=b"), body: new Uint8Array([1]), upgrade: true },
    respond: (...answer: unknown[]) => seen.push(answer),
    stream: (...answer: unknown[]) => seen.push(answer),
    tunnel: (...answer: unknown[]) => seen.push(answer),
  } as never;
  const warned = withWarnings(request, warnings);
  expect(warned).toMatchObject({ path: "/p", upgrade: true, body: new Uint8Array([1]) });
  warnings.push("mind");
  warned.respond(200, { a: "b" }, "body");
  warned.stream(201, {});
  warned.tunnel({});
  expect(seen).toEqual([[200, { a: "b", warning: '299 - "mind"' }, "body"], [201, {}], [{}]]);
});
