import { expect, test } from "bun:test";
import { Gauge } from "./gauge.ts";

test("Gauge goes up and down", () => {
  const gauge = new Gauge();
  gauge.set(5);
  gauge.increment();
  gauge.decrement();
  gauge.decrement();
  expect(gauge.value).toBe(4);
});
