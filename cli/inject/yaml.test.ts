import { expect, test } from "bun:test";
import {
  leadingComments,
  parseDocument,
  splitDocuments,
  writeDocument,
  type YamlDocument,
  YamlError,
} from "./yaml.ts";

const only = (text: string): YamlDocument => {
  const [document] = splitDocuments("app.yml", text);
  if (document === undefined) throw new Error("Cannot test: the text has no document");
  return document;
};

test("splitDocuments() numbers documents and their first lines; empty ones do not count", () => {
  const found = splitDocuments(
    "app.yml",
    "\uFEFF%YAML 1.1\n---\na: 1\r\n...\n---\n---\n\n# b\nb: 2\n--- # c\nc: |\n  --- not a marker\n",
  );
  expect(found).toEqual([
    { file: "app.yml", number: 1, line: 3, text: "a: 1\r\n" },
    { file: "app.yml", number: 2, line: 8, text: "# b\nb: 2\n" },
    { file: "app.yml", number: 3, line: 10, text: "# c\nc: |\n  --- not a marker\n" },
  ]);
});

test("words and numbers mean what they mean to Kubernetes, also written again", () => {
  const text =
    'a: yes\nb: 0644\nc: "0644"\nd: "off"\ne: 0x10\nf: -1_000\ng: 1.5\nh: 2020-01-01\ni: ~\nj: 0o17\n';
  expect(parseDocument(only(text))).toEqual({
    a: true,
    b: 420,
    c: "0644",
    d: "off",
    e: 16,
    f: -1000,
    g: 1.5,
    h: "2020-01-01",
    i: null,
    j: 15,
  });
  expect(writeDocument({ c: "0644", d: "off", t: "true", n: 5, y: false })).toBe(
    "c: '0644'\nd: 'off'\nt: 'true'\n'n': 5\n'y': false\n",
  );
});

test("anchors and merge keys are followed, and written out", () => {
  const value = parseDocument(only("base: &b {x: 1}\nmore:\n  <<: *b\n  y: 2\n"));
  expect(writeDocument(value)).toBe("base:\n  x: 1\nmore:\n  x: 1\n  'y': 2\n");
});

test("a document of comments has no value", () => {
  expect(parseDocument(only("# nothing\n"))).toBeUndefined();
  expect(leadingComments("# a\n\n  # b\nk: 1\n# c\n")).toBe("# a\n\n  # b\n");
});

test("errors name file, document, line and field", () => {
  const [, second] = splitDocuments(
    "app.yml",
    "a: 1\n---\nspec:\n  list:\n  - name: x\n    image: [\n",
  );
  if (second === undefined) throw new Error("Cannot test: there is one document only");
  const parse = (): unknown => parseDocument(second);
  expect(parse).toThrow(YamlError);
  expect(parse).toThrow("app.yml, document 2, line 7, field spec.list.image: unexpected end");
});

test("L3 aliases that grow are refused before they are written out", () => {
  const levels = Array.from(
    { length: 9 },
    (_, at) => `l${at + 1}: &l${at + 1} [${`*l${at},`.repeat(9)}]`,
  );
  const bomb = `l0: &l0 [x,x,x,x,x,x,x,x,x]\n${levels.join("\n")}\n`;
  expect(() => parseDocument(only(bomb))).toThrow(
    "app.yml, document 1: aliases make more than 1000000 values of it",
  );
});

test("L3 an alias of what it stands in, and depth without end, are refused", () => {
  expect(() => parseDocument(only("a: &a [*a]\n"))).toThrow("it is deeper than 200");
  expect(() => parseDocument(only(`a: ${"[".repeat(50_000)}\n`))).toThrow(YamlError);
  expect(() => parseDocument(only(`a: ${"[".repeat(500)}${"]".repeat(500)}\n`))).toThrow(
    "it is deeper than 200",
  );
});

test("L3 tabs are told, with the place", () => {
  expect(() => parseDocument(only("a:\n\tb: 1\n"))).toThrow("app.yml, document 1, line 2");
});

test("L3 lines that end as on Windows stay so", () => {
  const [first, second] = splitDocuments("app.yml", "# x\r\na: 1\r\nb: 2\r\n---\r\nc: 3");
  expect([first?.text, second?.text]).toEqual(["# x\r\na: 1\r\nb: 2\r\n", "c: 3\n"]);
  if (first === undefined) throw new Error("Cannot test: no document");
  expect(parseDocument(first)).toEqual({ a: 1, b: 2 });
  expect(leadingComments(first.text)).toBe("# x\r\n");
});

test("L14 __proto__ is a key like others", () => {
  const value = parseDocument(only("__proto__: {polluted: true}\n"));
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  expect(Object.keys(value as object)).toEqual(["__proto__"]);
});
