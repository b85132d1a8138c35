import { expect, test } from "bun:test";
import { writeExposition } from "#lib/metrics/exposition.ts";
import { parseExposition } from "#lib/metrics/parse.ts";
import { Registry } from "#lib/metrics/registry.ts";
import { ErrorMetrics } from "../telemetry/error-metrics.ts";
import { Refusals } from "./refusals.ts";

test("MET9, MET10, MET12: refusals are counted with their labels, each kind apart", () => {
  const registry = new Registry();
  const refusals = new Refusals(new ErrorMetrics(registry), {
    server: { srv_name: "web" },
    caller: { tls: "true", srv_name: "web" },
  });
  const labels = { group: "g", kind: "k", name: "limit" };
  const limit = { labels, total: 1, identity: 1, overrides: [] };
  for (let i = 0; i < 2; i++) {
    refusals.noRoute();
    refusals.limited(limit, "total");
    refusals.error("rate-limited");
  }
  refusals.limited(limit, "identity");
  refusals.error("io");
  const samples = parseExposition(writeExposition(registry, { nowMs: 0, retainIdleMs: 1 }));
  const limited = {
    ...{ tls: "true", srv_name: "web" },
    ...{ ratelimit_group: "g", ratelimit_kind: "k", ratelimit_name: "limit" },
  };
  expect(samples.filter(({ value }) => value > 0)).toEqual([
    {
      name: "inbound_http_errors_total",
      labels: { srv_name: "web", error: "unexpected" },
      value: 2,
    },
    { name: "inbound_http_errors_total", labels: { srv_name: "web", error: "i/o" }, value: 1 },
    {
      name: "inbound_http_route_not_found_total",
      labels: { tls: "true", srv_name: "web" },
      value: 2,
    },
    {
      name: "inbound_http_local_ratelimit_total",
      labels: { ...limited, ratelimit_scope: "total" },
      value: 2,
    },
    {
      name: "inbound_http_local_ratelimit_total",
      labels: { ...limited, ratelimit_scope: "identity" },
      value: 1,
    },
  ]);
});

test("MET12: what policy refuses is no error of the proxy's own", () => {
  const registry = new Registry();
  const refusals = new Refusals(new ErrorMetrics(registry), { server: {}, caller: {} });
  refusals.error("unauthorized");
  refusals.error("no-route");
  expect(writeExposition(registry, { nowMs: 0, retainIdleMs: 1 })).not.toContain("http_errors");
});
