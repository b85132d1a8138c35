import { expect, test } from "bun:test";
import { parseExposition } from "#lib/metrics/parse.ts";
import { profileRoutes } from "./routes.ts";

const READ = 'direction="outbound",dst="web.shop.svc.cluster.local:80",rt_route="read"';
const REST = 'direction="outbound",dst="web.shop.svc.cluster.local:80"';
const OTHER = 'direction="outbound",dst="api.shop.svc.cluster.local:80",rt_route="all"';
const pair = {
  seconds: 10,
  first: [],
  second: parseExposition(`
route_response_total{${READ},classification="success"} 40
route_actual_response_total{${READ},classification="success"} 40
route_actual_response_total{${READ},classification="failure"} 10
route_response_latency_ms_bucket{${READ},le="10"} 40
route_response_latency_ms_bucket{${READ},le="+Inf"} 40
route_response_total{${REST},classification="failure"} 5
route_response_total{${OTHER},classification="success"} 7
route_response_total{direction="inbound",dst="web.shop.svc.cluster.local:80",classification="success"} 9
`),
};
const none = { p50: undefined, p95: undefined, p99: undefined };

test("profileRoutes() has effective and actual rates of each route, what nobody called, and the rest last", () => {
  const rows = profileRoutes([pair], {
    direction: "outbound",
    known: ["read", "write", "[DEFAULT]"].map((route) => ({ service: "web", route })),
    isWanted: (host) => host.startsWith("web.shop.svc."),
  });
  expect(rows).toEqual([
    {
      ...{ service: "web", route: "read", latencyMs: { p50: 5, p95: 9.5, p99: 9.9 } },
      ...{ effective: { success: 1, rps: 4 }, actual: { success: 0.8, rps: 5 } },
    },
    {
      ...{ service: "web", route: "write", latencyMs: none },
      ...{ effective: { success: undefined, rps: 0 }, actual: { success: undefined, rps: 0 } },
    },
    {
      ...{ service: "web", route: "[DEFAULT]", latencyMs: none },
      ...{ effective: { success: 0, rps: 0.5 }, actual: { success: undefined, rps: 0 } },
    },
  ]);
});

test("profileRoutes() tells directions apart, and takes all Services where none is named", () => {
  const of = (direction: "inbound" | "outbound") =>
    profileRoutes([pair], { direction, known: [] }).map(
      ({ service, route }) => `${service} ${route}`,
    );
  expect(of("outbound")).toEqual(["api all", "web read", "web [DEFAULT]"]);
  expect(of("inbound")).toEqual(["web [DEFAULT]"]);
});
