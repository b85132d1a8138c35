import { expect, test } from "bun:test";
import { writeExposition } from "#lib/metrics/exposition.ts";
import { Registry } from "#lib/metrics/registry.ts";
import { HeldGauges } from "./held-gauges.ts";

test("HeldGauges counts who is there by labels; nobody leaves who has not come", () => {
  const registry = new Registry();
  const gauges = new HeldGauges(registry.gauge("here", "Who is here."));
  const told = (): string => writeExposition(registry, { nowMs: 0, retainIdleMs: 1 });
  gauges.left({ a: "1" });
  gauges.joined({ a: "1" });
  gauges.joined({ a: "1" });
  gauges.joined({ a: "2" });
  gauges.left({ a: "1" });
  expect(told()).toContain('here{a="1"} 1\n');
  expect(told()).toContain('here{a="2"} 1\n');
  gauges.left({ a: "1" });
  expect(told()).not.toContain('here{a="1"} 1\n');
});
