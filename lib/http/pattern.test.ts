import { expect, test } from "bun:test";
import fc from "fast-check";
import { createPattern, PATTERN_LIMIT } from "./pattern.ts";

/** What the runtime's own engine says of a whole text. */
const native = (pattern: string, text: string): boolean =>
  new RegExp(`^(?:${pattern})$`).test(text);

test.each([
  [
    "/users/[^/]+/orders/\\d{1,3}",
    ["/users/a/orders/12", "/users//orders/1", "/users/a/orders/1234"],
  ],
  ["/r.*", ["/r", "/r1", "x/r1", "/"]],
  ["(a|ab)(c|bcd)?", ["a", "ab", "abcd", "abc", "abcdx", ""]],
  ["^/a$|^/b$", ["/a", "/b", "/ab", "/a$"]],
  ["(?:ab){2,}", ["ab", "abab", "ababab", "aba"]],
  ["[\\w.-]+\\.js", ["a-b.c.js", ".js", "a/b.js", "äö.js"]],
  ["a{0}b{2}c{1,2}", ["bbc", "bbcc", "bbccc", "abbc"]],
  ["(a*)*b", ["aab", "b", "aa"]],
  ["", ["", "a"]],
  [".", ["ä", "\n", "", "ab"]],
  ["\\/\\.\\?", ["/.?", "/x?"]],
] as const)("createPattern(%p) matches whole texts, as the runtime does", (pattern, texts) => {
  const made = createPattern(pattern);
  expect(texts.map((text) => made?.test(text))).toEqual(texts.map((text) => native(pattern, text)));
});

test("createPattern() agrees with the runtime about any pattern of its syntax", () => {
  const parts = fc.constantFrom(
    "a",
    "b",
    ".",
    "[ab]",
    "[^a]",
    "(a|b)",
    "(?:ab)?",
    "a*",
    "b+",
    "a?",
    "(a|ab)*",
    "b{1,2}",
    "|",
  );
  const text = fc
    .array(fc.constantFrom("a", "b", "c"), { maxLength: 8 })
    .map((all) => all.join(""));
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 6 }), text, (all, sample) => {
      const pattern = all.join("");
      expect(createPattern(pattern)?.test(sample)).toBe(native(pattern, sample));
    }),
    { numRuns: 1_000 },
  );
});

test.each([
  "(a)\\1",
  "(?=a)",
  "(?!a)",
  "(?<=a)b",
  "(?i)a",
  "a**",
  "a{2,1}",
  "(",
  ")",
  "[",
  "[]",
  "*",
  "a\\",
  "\\b",
  "[[:alpha:]]",
  "\\u0061",
  "(?<n>",
  "[z-a]",
  `${"(".repeat(30)}a${")".repeat(30)}`,
])("createPattern(%p) is refused", (pattern) => {
  expect(createPattern(pattern)).toBeUndefined();
});

test("createPattern() refuses what would have more than PATTERN_LIMIT instructions", () => {
  expect(createPattern("a".repeat(PATTERN_LIMIT))).toBeDefined();
  expect(createPattern("a".repeat(PATTERN_LIMIT + 1))).toBeUndefined();
  expect(createPattern("((a{99}){99}){99}")).toBeUndefined();
  expect(createPattern("((a?){99}){99}")).toBeUndefined();
});

test.each([
  "(a+)+",
  "(a|a)*",
  "(a|aa)+",
  "(.*a){9}",
  "(a?){99}a{99}",
  ".*.*.*.*.*x",
  "([a-z]+)*/",
  "(a*)*",
])("G16: %p takes no time that grows faster than the path", (pattern) => {
  const made = createPattern(pattern);
  const path = `${"a".repeat(8 * 1024)}!`;
  const startMs = performance.now();
  expect(made?.test(path)).toBe(false);
  expect(performance.now() - startMs).toBeLessThan(500);
});
