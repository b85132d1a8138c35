import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** How many rows a table has. */
const TABLES = { F: 25, G: 20, L: 15 } as const;

const ROWS = Object.entries(TABLES).flatMap(([table, rows]) =>
  Array.from({ length: rows }, (_, index) => `${table}${index + 1}`),
);

/** What a title begins with in each kind of file that has tests: after a quote, the ids. */
const TITLE =
  /(?:\btest(?:\.\w+)*\(|\(\s*|name:\s*|title:\s*|\)\(\s*|^\s*)["'`]((?:[FGL]\d+(?:, | and |:? ))+)/gm;

/** The rows that titles in a text name. */
function namedIn(text: string): string[] {
  return [...text.matchAll(TITLE)].flatMap(([, ids = ""]) => ids.match(/[FGL]\d+/g) ?? []);
}

function files(...patterns: readonly string[]): string[] {
  const { stdout } = spawnSync(
    "git",
    ["ls-files", "-z", "-co", "--exclude-standard", ...patterns],
    {
      encoding: "utf8",
    },
  );
  return stdout.split("\0").filter((path) => path !== "");
}

/** The rows that the table of the README gives a reason for. */
const reasons = [
  ...readFileSync("test/faults/README.md", "utf8").matchAll(/^\| ([FGL]\d+) \| \S/gm),
].map(([, row = ""]) => row);

test("every row of F, G and L has a test whose title begins with it, or a reason", () => {
  const paths = files("*.test.ts", "test/e2e/suites/*.ts", "controller/injector/fixtures/*.yaml");
  expect(paths.length).toBeGreaterThan(300);
  const named = new Set(paths.flatMap((path) => namedIn(readFileSync(path, "utf8"))));
  expect(ROWS.filter((row) => !named.has(row) && !reasons.includes(row))).toEqual([]);
  expect([...named, ...reasons].filter((row) => !ROWS.includes(row))).toEqual([]);
  // A reason for what has a test would be believed for ever.
  expect(reasons.filter((row) => named.has(row) && !PARTLY.has(row))).toEqual([]);
});

/** Rows whose tests leave something out that the README names. */
const PARTLY: ReadonlySet<string> = new Set(["G13", "G15", "L6", "L13"]);

test.each([
  ['test("F4: a watch", () => {', ["F4"]],
  ['test("F13, F14: never two", () => {', ["F13", "F14"]],
  ['test.each([1])("G2 a body of %d", () => {', ["G2"]],
  ["  `L1 %s is refused`,", ["L1"]],
  ['- title: "G1 an empty body"', ["G1"]],
  ['{ name: "F11: a control plane that is killed", run }', ["F11"]],
  ["// F4: only a comment", []],
  ['expect(said).toBe("F4")', []],
  ['test("FOO1: F4", () => {', []],
] as const)("namedIn(%p) is %p", (text, rows) => {
  expect(namedIn(text)).toEqual([...rows]);
});
