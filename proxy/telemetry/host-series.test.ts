import { expect, test } from "bun:test";
import { Registry, SERIES_LIMIT } from "#lib/metrics/registry.ts";
import { authorityLabel, HostSeries, hostnameOf } from "./host-series.ts";
import { routeFamilies } from "./route-metrics.ts";

test("LBL6: hostnameOf() names hosts as Linkerd does: no port, lower case, nothing for addresses", () => {
  expect(
    [
      ...["Web.Test:80", "a.", "_m.foo.bar_", "1.a", "a-b", "user@web.test", "a-.b", "a..b"],
      ...["10.0.0.1:80", "[::1]:80", "", "1", "*.a", `${"a".repeat(64)}.b`, "a b"],
      ...[`${"a.".repeat(126)}a`, `${"a.".repeat(127)}a`],
    ].map(hostnameOf),
  ).toEqual([
    ...["web.test", "a.", "_m.foo.bar_", "1.a", "a-b", "web.test", "", ""],
    ...["", "", "", "", "", "", ""],
    ...[`${"a.".repeat(126)}a`, ""],
  ]);
});

test("LBL6: the label is empty for all unless names are told apart", () => {
  const asked: string[] = [];
  const create = (authority: string) => {
    asked.push(authority);
    return routeFamilies(new Registry()).http.route({ hostname: hostnameOf(authority) });
  };
  const one = new HostSeries(create, false);
  expect(one.of("a.test")).toBe(one.of("b.test"));
  const apart = new HostSeries(create, true);
  const first = apart.of("a.test:80");
  expect(apart.of("a.test:80")).toBe(first);
  apart.of("b.test");
  expect(asked).toEqual(["", "a.test:80", "b.test"]);
});

test("MET22, OUTBOUND_METRICS_HOSTNAME_LABELS, I15: 100,000 names stay within the bound of a family, and what has no room is counted in one series", () => {
  const registry = new Registry();
  const metrics = routeFamilies(registry).http;
  const hosts = new HostSeries((hostname) => metrics.route({ hostname }), true);
  for (let i = 0; i < 100_000; i++) hosts.of(`h${i}.test`).duration.observe(0.001);
  const families = [...registry.families].filter(({ name }) => name.includes("http_route_request"));
  let most = 0;
  let counted = 0;
  for (const family of families) {
    const series = [...family.series()];
    most = Math.max(most, series.length);
    for (const { instrument } of series) counted += "count" in instrument ? instrument.count : 0;
  }
  expect([most, counted]).toEqual([SERIES_LIMIT + 1, 100_000]);
});

test("LBL3: the authority of a service has its port unless that is 80", () => {
  expect(
    ["web.ns.svc:8080", "Web.ns.svc:80", "web.ns.svc.", "web.ns", "10.0.0.1:80", ""].map(
      (authority) => authorityLabel(authority)["authority"],
    ),
  ).toEqual(["web.ns.svc:8080", "web.ns.svc", "web.ns.svc", "web.ns", undefined, undefined]);
});
