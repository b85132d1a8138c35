import { expect, test } from "bun:test";
import { passTick } from "../../test/fake/byte-stream.ts";
import { GatheredLines } from "./gathered-lines.ts";

test("GatheredLines writes the lines of one turn at once, in order, and those of the next apart", async () => {
  const written: string[] = [];
  const lines = new GatheredLines((text) => written.push(text));
  lines.begin().text("a\u00e9");
  lines.begin().text("b");
  expect(written).toEqual([]);
  await passTick();
  lines.begin().text("c");
  await passTick();
  expect(written).toEqual(["a\u00e9\nb", "c"]);
});
