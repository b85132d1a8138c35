import { expect, test } from "bun:test";
import { builtInLists } from "./merge-keys.ts";
import { mergePatch, strategicPatch } from "./strategic.ts";

test("mergePatch() follows RFC 7386", () => {
  expect(mergePatch({ a: { b: 1, c: 2 }, d: [1] }, { a: { b: null }, d: [2] })).toEqual({
    a: { c: 2 },
    d: [2],
  });
  expect(mergePatch("x", { a: 1 })).toEqual({ a: 1 });
});

const strategic = (target: unknown, patch: unknown) =>
  strategicPatch(target, patch, { lists: builtInLists("Pod"), path: [] });

test("strategicPatch() merges lists by key", () => {
  const target = {
    containers: [{ name: "a", image: "1" }, { name: "b" }],
    args: [1],
    finalizers: ["x", "y"],
  };
  expect(
    strategic(target, {
      containers: [{ name: "b", $patch: "delete" }, { name: "a", image: "2" }, { name: "c" }],
      args: [2],
      finalizers: ["z"],
    }),
  ).toEqual({
    containers: [{ name: "a", image: "2" }, { name: "c" }],
    args: [2],
    finalizers: ["x", "y", "z"],
  });
});

test("strategicPatch() follows directives", () => {
  expect(strategic({ a: { b: 1 } }, { a: { $patch: "replace", c: 2 } })).toEqual({ a: { c: 2 } });
  expect(strategic({ s: { a: 1, b: 2 } }, { s: { $retainKeys: ["a"], a: 3 } })).toEqual({
    s: { a: 3 },
  });
  expect(
    strategic({ finalizers: ["x", "y"] }, { "$deleteFromPrimitiveList/finalizers": ["x"] }),
  ).toEqual({ finalizers: ["y"] });
  const order = [{ name: "b" }, { name: "a" }];
  expect(
    strategic(
      { containers: [{ name: "a" }, { name: "b" }] },
      { "$setElementOrder/containers": order },
    ),
  ).toEqual({ containers: order });
  expect(
    strategic(
      { containers: [{ name: "a" }] },
      { containers: [{ $patch: "replace" }, { name: "b" }] },
    ),
  ).toEqual({ containers: [{ name: "b" }] });
});
