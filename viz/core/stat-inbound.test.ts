import { expect, test } from "bun:test";
import { parseExposition } from "#lib/metrics/parse.ts";
import { inboundRoutes } from "./stat-inbound.ts";

const of = (text: string) => parseExposition(text);
const API =
  'direction="inbound",srv_kind="server",srv_name="web",target_port="80",route_kind="HTTPRoute",route_name="api"';
const REST =
  'direction="inbound",srv_kind="default",srv_name="all-unauthenticated",target_port="81",route_kind="default",route_name="default"';

test("inboundRoutes() has a row for each route of a server that answered", () => {
  const rows = inboundRoutes([
    {
      seconds: 10,
      first: [],
      second: of(`
response_total{${API},classification="success"} 30
response_total{${API},classification="failure"} 10
response_latency_ms_bucket{${API},le="10"} 40
response_latency_ms_bucket{${API},le="+Inf"} 40
response_total{${REST},classification="success"} 5
response_total{direction="outbound",classification="success"} 9
request_total{${API}} 99
`),
    },
  ]);
  expect(rows).toEqual([
    {
      ...{
        server: "[default]",
        port: "81",
        route: "[default]",
        routeType: "",
        success: 1,
        rps: 0.5,
      },
      latencyMs: { p50: undefined, p95: undefined, p99: undefined },
    },
    {
      ...{ server: "web", port: "80", route: "api", routeType: "HTTPRoute", success: 0.75, rps: 4 },
      latencyMs: { p50: 5, p95: 9.5, p99: 9.9 },
    },
  ]);
  expect(inboundRoutes([])).toEqual([]);
});

test("inboundRoutes() reckons latencies within the bucket that they are in, as viz stat does", () => {
  const text = (count: number): string => `response_total{${API},classification="success"} ${count}
response_latency_ms_bucket{${API},le="100"} 0
response_latency_ms_bucket{${API},le="200"} ${count}
response_latency_ms_bucket{${API},le="+Inf"} ${count}
`;
  const [row] = inboundRoutes([{ seconds: 10, first: of(text(0)), second: of(text(40)) }]);
  expect(row?.latencyMs).toMatchObject({ p50: 150, p95: 195 });
});
