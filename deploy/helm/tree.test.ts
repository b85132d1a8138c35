import { expect, test } from "bun:test";
import type { Switch } from "./markers.ts";
import { compare, holds, type Json, type Node, type Part, presence, treeOf } from "./tree.ts";

const change = (off: unknown, token?: string): Switch => ({
  path: "v",
  off,
  marker: token === undefined ? undefined : { token, use: "scalar", expression: "$.Values.v" },
  isOn: "$.Values.v",
  isOff: "not $.Values.v",
});
const part = (node: Node): Part => ({ key: "", node, conditions: [], base: true });
function compared(base: Json, off: Json, by: Switch = change(false)): Node {
  const node = treeOf(base);
  compare(node, off, by);
  return node;
}
const conditionsOf = (node: Node): unknown =>
  node.type === "scalar"
    ? node.others
    : node.parts.map(({ key, conditions }) => [key, ...conditions]);

test("compare() notes what is gone, what came and what changed", () => {
  const node = compared({ a: 1, b: 2, c: "x" }, { a: 1, c: "y", d: 4 });
  expect(conditionsOf(node)).toEqual([["a"], ["b", "$.Values.v"], ["c"], ["d", "not $.Values.v"]]);
});

test("compare() does not take a value's own text for a difference", () => {
  const node = compared(["--x=TOKEN", "TOKEN"], ["--x=", ""], change("", "TOKEN"));
  expect(node.type === "array" && node.parts.map((each) => conditionsOf(each.node))).toEqual([
    [],
    [],
  ]);
});

test("compare() finds elements again by their names, in whatever place", () => {
  const node = compared(
    [{ name: "a" }, { name: "b", x: 1 }],
    [{ name: "new" }, { name: "b", x: 1 }],
  );
  expect(conditionsOf(node)).toEqual([["", "$.Values.v"], ["", "not $.Values.v"], [""]]);
});

test("compare() refuses a value that changes its kind", () => {
  expect(() => compared({ a: [] }, { a: {} })).toThrow("v changes the kind");
});

test("compare() refuses elements without names that come or go", () => {
  expect(() => compared({ a: ["x", "y"] }, { a: ["y"] })).toThrow("v changes a list");
});

test("presence() is that of a part's conditions, and of one of its parts where all have some", () => {
  const node = compared({ a: { b: 1 }, c: 2 }, { a: {}, c: 2 });
  expect(presence(part(node))).toBeUndefined();
  const inner = node.type === "object" ? node.parts[0] : undefined;
  expect(inner && presence(inner)).toBe("$.Values.v");
  compare(node, { c: 2 }, { ...change(false), isOn: "w" });
  expect(inner && presence(inner)).toBe("and (w) ($.Values.v)");
});

test("holds() looks into an element, but not into its arrays", () => {
  expect(holds(treeOf({ a: { b: "T" } }), "T")).toBe(true);
  expect(holds(treeOf({ a: ["T"] }), "T")).toBe(false);
});
