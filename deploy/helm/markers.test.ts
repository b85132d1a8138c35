import { expect, test } from "bun:test";
import { choice, flag, integer, labels, text, texts, version } from "../values/kinds.ts";
import { mark, withValue } from "./markers.ts";

const GROUP = {
  version: version("x"),
  place: text("x"),
  below: { count: integer("x", { initial: 3, minimum: 1 }), on: flag("x", false) },
  nets: texts("x", []),
  marks: labels("x"),
  word: choice("x", ["a", "b"]),
};

test("mark() makes every value findable, and says what a template says for it", () => {
  const { values, markers } = mark(GROUP, { expressions: { place: "$.Release.Namespace" } });
  expect(values).toMatchObject({
    place: "\u27e6place\u27e7",
    below: { on: true },
    nets: ["\u27e6nets[]\u27e7"],
    marks: { "\u27e6marks{}\u27e7": "" },
  });
  expect(markers.map(({ use, expression }) => [use, expression])).toEqual([
    ["scalar", "$.Values.version"],
    ["scalar", "$.Release.Namespace"],
    ["number", "$.Values.below.count"],
    ["list", "$.Values.nets"],
    ["map", "$.Values.marks"],
    ["scalar", "$.Values.word"],
  ]);
  expect(new Set(markers.map(({ token }) => token)).size).toBe(markers.length);
});

test("mark() has the changes to try: off, empty, each word, the default", () => {
  const { switches } = mark(GROUP, { expressions: { place: "$.Release.Namespace" } });
  expect(switches.map(({ path, off, isOff }) => [path, off, isOff])).toEqual([
    ["below.count", 3, "eq (int64 $.Values.below.count) 3"],
    ["below.on", false, "not $.Values.below.on"],
    ["nets", [], "not $.Values.nets"],
    ["marks", {}, "not $.Values.marks"],
    ["word", "a", 'eq $.Values.word "a"'],
    ["word", "b", 'eq $.Values.word "b"'],
    ["word", "a", 'eq $.Values.word "a"'],
  ]);
});

test("mark() tries what takes something away the other way round", () => {
  const { values, switches } = mark(
    { away: flag("x", false), from: text("x") },
    { absent: ["away", "from"] },
  );
  expect(values).toEqual({ away: false, from: "" });
  expect(switches.map(({ off, isOn, isOff }) => [off, isOn, isOff])).toEqual([
    [true, "not $.Values.away", "$.Values.away"],
    ["\u27e6from\u27e7", "not $.Values.from", "$.Values.from"],
  ]);
});

test("withValue() changes one value at any depth", () => {
  expect(withValue({ a: { b: 1, c: 2 }, d: 3 }, "a.b", 9)).toEqual({ a: { b: 9, c: 2 }, d: 3 });
});
