import { expect, test } from "bun:test";
import { Counter } from "./counter.ts";

test("Counter adds", () => {
  const counter = new Counter();
  counter.increment();
  counter.add(2);
  expect(counter.value).toBe(3);
});
