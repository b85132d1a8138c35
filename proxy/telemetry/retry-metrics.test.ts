import { expect, test } from "bun:test";
import { writeExposition } from "#lib/metrics/exposition.ts";
import { Registry } from "#lib/metrics/registry.ts";
import { retryFamilies } from "./retry-metrics.ts";

test("MET26: retries have Linkerd's families, for both kinds of route", () => {
  const registry = new Registry();
  const families = retryFamilies(registry);
  for (const kind of ["http", "grpc"] as const)
    families[kind].counters({ route_name: "r" }).overflow.increment();
  expect(
    [...registry.families]
      .map(({ name }) => name)
      .filter((name) => name !== "route_retryable_total")
      .sort(),
  ).toEqual(
    ["grpc", "http"].flatMap((kind) =>
      ["limit_exceeded", "overflow", "requests", "successes"].map(
        (what) => `outbound_${kind}_route_retry_${what}_total`,
      ),
    ),
  );
});

test("MET6: retries of a ServiceProfile are counted by its route, and apart where there was no budget", () => {
  const registry = new Registry();
  const counters = retryFamilies(registry).profile.counters({ dst: "web:80", rt_route: "r" });
  counters.requests.increment();
  counters.overflow.increment();
  counters.successes.increment();
  const text = writeExposition(registry, { nowMs: 0, retainIdleMs: 1 });
  const labels = 'direction="outbound",dst="web:80",rt_route="r"';
  expect(text).toContain(`route_retryable_total{${labels}} 1`);
  expect(text).toContain(`route_retryable_total{${labels},skipped="no_budget"} 1`);
});
