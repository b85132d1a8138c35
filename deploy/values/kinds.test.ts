import { expect, test } from "bun:test";
import Ajv from "ajv";
import {
  choice,
  flag,
  integer,
  isValue,
  labels,
  objects,
  port,
  share,
  text,
  texts,
  type Value,
  version,
} from "./kinds.ts";

const ajv = new Ajv({ strict: false });

test.each<[string, Value<unknown>, readonly unknown[], readonly unknown[]]>([
  ["text", text("x", { pattern: /^a/ }), ["a", "ab"], ["b", 1, null]],
  ["version", version("x"), ["1.2.3"], ["", 1]],
  ["integer", integer("x", { initial: 1, minimum: 1 }), [1, 99], [0, 1.5, "1"]],
  ["port", port("x", 80), [1, 65_535], [0, 65_536]],
  ["flag", flag("x", true), [true, false], ["true", 0]],
  ["choice", choice("x", ["a", "b"]), ["a", "b"], ["c", 1]],
  ["share", share("x", 1), [0, 3, "25%"], [-1, "1", "x%", true]],
  ["texts", texts("x", []), [[], ["a"]], ["a", [1]]],
  ["objects", objects("x", { required: ["a"] }), [[], [{ a: 1 }]], [{}, [{}], ["a"]]],
  ["labels", labels("x"), [{}, { a: "b" }], [{ a: 1 }, [], "a"]],
])("%s() takes what its schema takes", (_, value, good, bad) => {
  for (const each of good) expect([each, value.accepts(each)]).toEqual([each, true]);
  for (const each of bad) expect([each, value.accepts(each)]).toEqual([each, false]);
  for (const each of [...good, ...bad])
    expect([each, ajv.validate(value.schema, each)]).toEqual([each, value.accepts(each)]);
  for (const each of bad)
    expect(typeof value.wrong === "string" ? value.wrong : value.wrong(each)).toMatch(
      /^(must be|cannot be|is no) /,
    );
});

test("isValue() tells a value from a group of them", () => {
  expect([isValue(flag("x", true)), isValue({ initial: flag("x", true) })]).toEqual([true, false]);
});
