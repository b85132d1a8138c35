import { expect, test } from "bun:test";
import { encodedTarget, withoutQuery } from "./target.ts";

test("encodedTarget() encodes what is beyond ASCII and takes nothing with two readings", () => {
  expect(encodedTarget("/a?b=%20&c='{}")).toBe("/a?b=%20&c='{}");
  expect(encodedTarget("/\xe9/\xff")).toBe("/%E9/%FF");
  for (const bad of [" ", "\t", "\0", "\x7f", "#", "\\"])
    expect([bad, encodedTarget(`/a${bad}b`)]).toEqual([bad, undefined]);
});

test("withoutQuery() ends at the first question mark", () => {
  const targets = ["/a", "/a?b", "/a?b?c", "?b", "*", ""];
  expect(targets.map(withoutQuery)).toEqual(["/a", "/a", "/a", "", "*", ""]);
});
