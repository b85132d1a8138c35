import { expect, test } from "bun:test";
import { isFramingField } from "./framing-fields.ts";

test("isFramingField() knows fields of framing in any case", () => {
  expect(["Content-Length", "TE", "transfer-encoding"].every(isFramingField)).toBe(true);
  expect(["content-type", "host", "x-te"].some(isFramingField)).toBe(false);
});
