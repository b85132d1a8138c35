import { expect, test } from "bun:test";
import { Registry } from "#lib/metrics/registry.ts";
import { retryFamilies } from "./retry-metrics.ts";

test("MET26: retries have Linkerd's families, for both kinds of route", () => {
  const registry = new Registry();
  const families = retryFamilies(registry);
  for (const kind of ["http", "grpc"] as const)
    families[kind].counters({ route_name: "r" }).overflow.increment();
  expect([...registry.families].map(({ name }) => name).sort()).toEqual(
    ["grpc", "http"].flatMap((kind) =>
      ["limit_exceeded", "overflow", "requests", "successes"].map(
        (what) => `outbound_${kind}_route_retry_${what}_total`,
      ),
    ),
  );
});
