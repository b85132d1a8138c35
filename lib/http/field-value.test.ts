import { expect, test } from "bun:test";
import { isFieldValue } from "./field-value.ts";

test.each(["", "a b", "a\tb", "~", "\u00fc", "\u{1f600}"])("%j is a field's value", (text) => {
  expect(isFieldValue(text)).toBe(true);
});

test.each(["a\r\nb", "\0", "\u001f", "\u007f"])("%j is none", (text) => {
  expect(isFieldValue(text)).toBe(false);
});
