import { expect, test } from "bun:test";
import { writeExposition } from "#lib/metrics/exposition.ts";
import { Registry } from "#lib/metrics/registry.ts";
import { TcpMetrics } from "./tcp-metrics.ts";

test("TcpScope counts connections and is the meter of their bytes", () => {
  const registry = new Registry();
  const scope = new TcpMetrics(registry).scope({ peer: "src" });
  scope.opened();
  scope.opened();
  scope.read(5);
  scope.closed("");
  scope.closed("ECONNRESET");
  const text = writeExposition(registry, { nowMs: 0, retainIdleMs: 1 });
  expect(text).toContain('tcp_open_total{peer="src"} 2');
  expect(text).toContain('tcp_open_connections{peer="src"} 0');
  expect(text).toContain('tcp_close_total{peer="src",errno="ECONNRESET"} 1');
  expect(text).toContain('tcp_read_bytes_total{peer="src"} 5');
});
