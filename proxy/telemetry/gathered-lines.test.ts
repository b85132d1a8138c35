import { expect, test } from "bun:test";
import { passTick } from "../../test/fake/byte-stream.ts";
import { gatherLines } from "./gathered-lines.ts";

test("gatherLines() writes the lines of one turn at once, in order, and those of the next apart", async () => {
  const written: string[] = [];
  const add = gatherLines((text) => written.push(text));
  add("a");
  add("b");
  expect(written).toEqual([]);
  await passTick();
  add("c");
  await passTick();
  expect(written).toEqual(["a\nb", "c"]);
});
