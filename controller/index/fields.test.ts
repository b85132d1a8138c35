import { expect, test } from "bun:test";
import { Fields } from "./fields.ts";

test("Fields reads what is there, and nothing where it is null or inherited", () => {
  const faults: string[] = [];
  const fields = new Fields(
    { a: "x", b: null, c: 7, d: true, e: ["y"], f: { g: "z" }, h: [{ i: "j" }] },
    "spec",
    faults,
  );
  expect(fields.text("a")).toBe("x");
  expect(fields.text("b")).toBeUndefined();
  expect(fields.text("toString")).toBeUndefined();
  expect(fields.integer("c", { least: 1, most: 7 })).toBe(7);
  expect(fields.flag("d")).toBe(true);
  expect(fields.texts("e")).toEqual(["y"]);
  expect(fields.object("f")?.required("g")).toBe("z");
  expect(fields.objects("h").map((each) => each.word("i", ["j"]))).toEqual(["j"]);
  expect(fields.raw("e")).toEqual(["y"]);
  fields.only(..."abcdefgh");
  expect(faults).toEqual([]);
});

test("Fields notes what cannot be read, by its path", () => {
  const faults: string[] = [];
  const fields = new Fields(
    { a: 1, b: "x", c: 1.5, d: {}, e: [1], f: { g: 2, more: 1 }, h: [[]], n: null },
    "spec",
    faults,
  );
  fields.text("a");
  fields.required("none");
  fields.word("b", ["y"]);
  fields.integer("c", { least: 1, most: 9 });
  fields.list("d");
  fields.flag("d");
  fields.texts("e");
  const f = fields.object("f");
  f?.text("g");
  f?.only("g");
  fields.objects("h");
  fields.only(..."abcdefh");
  expect(faults).toEqual([
    "spec.a is no text",
    "spec.none is missing",
    "spec.b is not known: x",
    "spec.c is no whole number from 1 to 9",
    "spec.d is no list",
    "spec.d is neither true nor false",
    "spec.e holds what is no text",
    "spec.f.g is no text",
    "spec.f.more is not known",
    "spec.h[0] is no object",
  ]);
});

test("a reviewer is told of other forms than the definition's, and of what should not be stored", () => {
  const told: string[] = [];
  const reviewer = {
    mistyped: () => void told.push("mistyped"),
    refuse: (why: string) => void told.push(why),
  };
  const value = { a: 1, b: { c: "" }, n: 70_000 };
  const fields = new Fields(value, "spec", { faults: [], reviewer });
  expect(fields.integer("n", { least: 1, most: 9 })).toBeUndefined();
  expect(fields.object("b")?.given("c")).toBe("");
  expect(told).toEqual([]);
  fields.text("a");
  fields.given("none");
  fields.integer("b", { least: 1, most: 9 });
  fields.object("b")?.refuse("it is odd", "c");
  fields.refuse("it is odder");
  expect(told).toEqual([
    ...["mistyped", "mistyped", "mistyped"],
    ...["spec.b.c: it is odd", "spec: it is odder"],
  ]);
});
