import { expect, test } from "bun:test";
import { labels, text, version } from "../values/kinds.ts";
import { valuesFile } from "./values-file.ts";

test("valuesFile() has each value's default, and what it is for", () => {
  const group = { a: version("Version"), below: { b: text("Text"), c: labels("Marks") } };
  expect(valuesFile(group, "1")).toBe(
    ["# Version", 'a: "1"', "below:", "  # Text", '  b: ""', "  # Marks", "  c: {}", ""].join("\n"),
  );
});
