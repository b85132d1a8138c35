import { expect, test } from "bun:test";
import { writeExposition } from "#lib/metrics/exposition.ts";
import { Registry } from "#lib/metrics/registry.ts";
import { ProtocolMetrics, TransportMetrics } from "./transport-metrics.ts";

test.each(["tcp", "tls"] as const)(
  "MET36, MET37: routes of %s tell of connections opened, and closed for every reason there is",
  (kind) => {
    const registry = new Registry();
    const series = new TransportMetrics(registry, kind).of({ parent_name: "p" }, { b: "1" });
    series.opened.increment();
    series.closed.forbidden.increment();
    const lines = writeExposition(registry, { nowMs: 0, retainIdleMs: 1 }).split("\n");
    const labels = 'parent_name="p",b="1"';
    expect(lines.filter((line) => line !== "" && !line.startsWith("# HELP"))).toEqual([
      `# TYPE outbound_${kind}_route_open_total counter`,
      `outbound_${kind}_route_open_total{${labels}} 1`,
      `# TYPE outbound_${kind}_route_close_total counter`,
      ...["", "forbidden", "invalid_backend", "invalid_policy", "unexpected"].map(
        (error) =>
          `outbound_${kind}_route_close_total{${labels},error="${error}"} ${error === "forbidden" ? 1 : 0}`,
      ),
    ]);
  },
);

test("MET38: connections are counted by what policy says that they speak", () => {
  const registry = new Registry();
  const metrics = new ProtocolMetrics(registry);
  const types = ["detect", "http1", "http2", "grpc", "opaque", "tls", "invalid"] as const;
  for (const type of types) metrics.of(type, { parent_name: "p" }).increment();
  const lines = writeExposition(registry, { nowMs: 0, retainIdleMs: 1 }).split("\n");
  expect(lines.filter((line) => line.startsWith("outbound"))).toEqual(
    [
      ["detect", 2],
      ["http/1", 1],
      ["http/2", 2],
      ["opaq", 1],
      ["tls", 1],
    ].map(
      ([protocol, count]) =>
        `outbound_tcp_protocol_connections_total{protocol="${protocol}",parent_name="p"} ${count}`,
    ),
  );
});
