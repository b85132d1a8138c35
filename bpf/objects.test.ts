import { expect, test } from "bun:test";
import { readObject } from "./objects.ts";

test("readObject() finds both objects where the bundler or the checkout has them", () => {
  expect(readObject("mesh").programs).toHaveLength(12);
  expect(readObject("inbound").programs.map(({ name }) => name)).toEqual(["in"]);
  expect(readObject("inbound").rodata).toHaveLength(8);
});
