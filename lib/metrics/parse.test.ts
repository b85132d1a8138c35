import { expect, test } from "bun:test";
import { writeExposition } from "./exposition.ts";
import { parseExposition } from "./parse.ts";
import { Registry } from "./registry.ts";

test("parseExposition() reads what writeExposition() writes", () => {
  const registry = new Registry();
  registry.counter("a_total", "A.").with({ x: 'q"\\\n', y: "" }).add(3);
  registry
    .histogram("c_ms", { help: "C.", bounds: [1] })
    .with()
    .observe(2);
  const samples = parseExposition(writeExposition(registry, { nowMs: 0, retainIdleMs: 1 }));
  expect(samples[0]).toEqual({ name: "a_total", labels: { x: 'q"\\\n', y: "" }, value: 3 });
  expect(samples.map(({ name }) => name)).toEqual([
    "a_total",
    "c_ms_bucket",
    "c_ms_bucket",
    "c_ms_sum",
    "c_ms_count",
  ]);
});

test("parseExposition() reads infinities and passes over what is malformed", () => {
  expect(
    parseExposition("# HELP a\n\na +Inf\nb -Inf\n{} 1\nc 5 1700000000").map(({ value }) => value),
  ).toEqual([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5]);
});
