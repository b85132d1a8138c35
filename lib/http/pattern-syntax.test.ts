import { expect, test } from "bun:test";
import { type PatternNode, parsePattern } from "./pattern-syntax.ts";

/** A node as text, repetitions written out. */
function show(node: PatternNode | undefined): string {
  switch (node?.type) {
    case undefined:
      return "none";
    case "char":
      return ["a", "b", "/", "."].filter((char) => node.accepts(char)).join("") || "-";
    case "start":
    case "end":
      return node.type;
    case "sequence":
      return node.nodes.map(show).join(" ");
    case "choice":
      return node.nodes.length === 1 ? show(node.nodes[0]) : `<${node.nodes.map(show).join("|")}>`;
    case "repeat":
      return `(${show(node.node)}){${node.least},${node.most}}`;
  }
}

test.each([
  ["ab", "a b"],
  ["[ab]\\.", "ab ."],
  ["^a|b$", "<start a|b end>"],
  ["a*b+.?", "(a){0,Infinity} (b){1,Infinity} (ab/.){0,1}"],
  ["a{2}b{1,}/{0,3}?", "(a){2,2} (b){1,Infinity} (/){0,3}"],
  ["(?:a|b)(?P<n>a)", "<a|b> a"],
  ["", ""],
  ["a)", "none"],
  ["(?#a)", "none"],
])("parsePattern(%p) is %p", (pattern, shown) => {
  expect(show(parsePattern(pattern))).toBe(shown);
});
