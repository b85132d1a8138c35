import { expect, test } from "bun:test";
import { latencies, percent, rate } from "./figures.ts";

test("figures are written as Linkerd writes them", () => {
  expect([percent(0.9995), percent(undefined), rate(1.55), rate(0)]).toEqual([
    ...["99.95%", "-", "1.6rps", "0.0rps"],
  ]);
  expect(latencies({ p50: 1.4, p95: undefined, p99: 123.5 })).toEqual(["1ms", "-", "124ms"]);
  expect(latencies(undefined)).toEqual(["-", "-", "-"]);
});
