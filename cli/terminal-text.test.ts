import { expect, test } from "bun:test";
import { escapeText } from "./terminal-text.ts";

test.each([
  ["plain √ ‼ × tab\t and newline\n", "plain √ ‼ × tab\t and newline\n"],
  ["\u001b[31mred\u001b[0m", "\\u001b[31mred\\u001b[0m"],
  ["\u001b]0;title\u0007", "\\u001b]0;title\\u0007"],
  ["over\rwritten", "over\\u000dwritten"],
  ["\u009b2J", "\\u009b2J"],
  ["a\u202eb", "a\\u202eb"],
])("L2 escapeText(%j) is %j", (text, escaped) => {
  expect(escapeText(text)).toBe(escaped);
});
