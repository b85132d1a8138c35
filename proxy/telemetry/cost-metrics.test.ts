import { expect, test } from "bun:test";
import { writeExposition } from "#lib/metrics/exposition.ts";
import { Registry } from "#lib/metrics/registry.ts";
import { CostMetrics } from "./cost-metrics.ts";
import { TcpMetrics } from "./tcp-metrics.ts";

test("MET40: bytes count for their connection and for their zone", () => {
  const registry = new Registry();
  const scope = new TcpMetrics(registry).scope({ peer: "dst" });
  const cost = new CostMetrics(registry);
  for (const [locality, bytes] of [
    ["local", 1],
    ["remote", 10],
    ["unknown", 100],
    [undefined, 1000],
  ] as const) {
    const meter = cost.meter(scope, locality);
    meter.read(bytes);
    meter.wrote(2 * bytes);
  }
  const text = writeExposition(registry, { nowMs: 0, retainIdleMs: 1 });
  expect(text).toContain('tcp_read_bytes_total{peer="dst"} 1111\n');
  expect(text).toContain('tcp_write_bytes_total{peer="dst"} 2222\n');
  const name = "outbound_tcp_transfer_cost_bytes_total";
  expect(
    text
      .split("\n")
      .filter((line) => line.includes(name))
      .slice(1),
  ).toEqual([
    `# TYPE ${name} counter`,
    `# UNIT ${name} bytes`,
    ...[
      ["Recv", "Local", 1],
      ["Send", "Local", 2],
      ["Recv", "Remote", 10],
      ["Send", "Remote", 20],
      ["Recv", "Unknown", 1100],
      ["Send", "Unknown", 2200],
    ].map(([op, zone, bytes]) => `${name}{op="${op}",zone_locality="${zone}"} ${bytes}`),
  ]);
});
