import { expect, test } from "bun:test";
import { fields, list, oneOf, TEXT, withDefault } from "./schema.ts";

test("fields() takes names that end in ! for required ones", () => {
  expect(fields({ "a!": TEXT, b: list(TEXT) })).toEqual({
    type: "object",
    properties: { a: { type: "string" }, b: { type: "array", items: { type: "string" } } },
    required: ["a"],
  });
  expect(fields({ a: TEXT })).not.toHaveProperty("required");
});

test("oneOf() is of words or of numbers, withDefault() names what stands in", () => {
  expect(withDefault(oneOf(301, 302), 302)).toEqual({
    type: "integer",
    enum: [301, 302],
    default: 302,
  });
  expect(oneOf("a")).toEqual({ type: "string", enum: ["a"] });
});
