import { expect, test } from "bun:test";
import { writeExposition } from "#lib/metrics/exposition.ts";
import { parseExposition } from "#lib/metrics/parse.ts";
import { Registry } from "#lib/metrics/registry.ts";
import { routeFamilies } from "./route-metrics.ts";

const REQUEST = ["0.05", "0.5", "1", "10", "+Inf"];
const RESPONSE = ["0.025", "0.05", "0.1", "0.25", "0.5", "1", "10", "+Inf"];
const FRAMES = ["128", "1024", "10240", "+Inf"];

/** Every family of one kind: its name after `outbound_KIND_route_`, type, unit and bounds. */
const FAMILIES: readonly [string, string, string | undefined, readonly string[]][] = [
  ["request_duration_seconds", "histogram", "seconds", REQUEST],
  ["request_statuses_total", "counter", undefined, []],
  ["request_frame_size_bytes", "histogram", "bytes", FRAMES],
  ["backend_requests_total", "counter", undefined, []],
  ["backend_response_duration_seconds", "histogram", "seconds", RESPONSE],
  ["backend_response_statuses_total", "counter", undefined, []],
  ["backend_response_frame_size_bytes", "histogram", "bytes", FRAMES],
];

test.each(["http", "grpc"] as const)(
  "MET22, MET23, MET25, MET27, MET28: routes of %s have Linkerd's families, types, units and bounds",
  (kind) => {
    const registry = new Registry();
    const metrics = routeFamilies(registry)[kind];
    for (const series of [metrics.route({ a: "1" }), metrics.backend({ a: "1" })]) {
      series.requests?.increment();
      series.duration.observe(0.3);
      series.frames.observe(1024);
      series.endings?.count({ status: 200, grpcStatus: 0, fault: "" });
    }
    const families = [...registry.families].filter(({ name }) => name.includes(`_${kind}_`));
    const samples = parseExposition(writeExposition(registry, { nowMs: 0, retainIdleMs: 1 }));
    expect(
      families.map(({ name, type, unit }) => [
        ...[name, type, unit],
        samples
          .filter((sample) => sample.name === `${name}_bucket`)
          .map(({ labels }) => labels["le"]),
      ]),
    ).toEqual(
      FAMILIES.map(([name, type, unit, bounds]) => [
        `outbound_${kind}_route_${name}`,
        ...[type, unit],
        [...bounds],
      ]),
    );
  },
);
