import { expect, test } from "bun:test";
import { writeExposition } from "#lib/metrics/exposition.ts";
import { parseExposition } from "#lib/metrics/parse.ts";
import { Registry } from "#lib/metrics/registry.ts";
import { inboundFamilies } from "./inbound-families.ts";

const REQUEST = ["0.025", "0.05", "0.1", "0.25", "0.5", "1", "10", "+Inf"];
const RESPONSE = ["0.05", "0.5", "1", "10", "+Inf"];
const FRAMES = ["128", "1024", "10240", "+Inf"];

/** Every family of one kind: its name after `inbound_KIND_`, type, unit and bounds. */
const FAMILIES: readonly [string, string, string | undefined, readonly string[]][] = [
  ["requests_total", "counter", undefined, []],
  ["statuses_total", "counter", undefined, []],
  ["request_duration_seconds", "histogram", "seconds", REQUEST],
  ["response_duration_seconds", "histogram", "seconds", RESPONSE],
  ["request_frame_size_bytes", "histogram", "bytes", FRAMES],
  ["response_frame_size_bytes", "histogram", "bytes", FRAMES],
];

test.each(["http", "grpc"] as const)(
  "MET14, MET15, MET17, MET18, MET19: servers of %s have Linkerd's families, types, units and bounds",
  (kind) => {
    const registry = new Registry();
    const { whole, part } = inboundFamilies(registry)[kind].of({ route_name: "r" });
    part.requests?.increment();
    whole.endings?.count({ status: 404, grpcStatus: 5, fault: "" });
    for (const { duration, frames } of [whole, part]) {
      duration.observe(0.3);
      frames.observe(1024);
    }
    const families = [...registry.families].filter(({ name }) =>
      name.startsWith(`inbound_${kind}_`),
    );
    const samples = parseExposition(writeExposition(registry, { nowMs: 0, retainIdleMs: 1 }));
    const boundsOf = (name: string) =>
      samples.filter((each) => each.name === `${name}_bucket`).map(({ labels }) => labels["le"]);
    expect(families.map(({ name, type, unit }) => [name, type, unit, boundsOf(name)])).toEqual(
      FAMILIES.map(([name, type, unit, bounds]) => [
        ...[`inbound_${kind}_${name}`, type, unit],
        [...bounds],
      ]),
    );
    expect(samples.find(({ name }) => name === `inbound_${kind}_statuses_total`)?.labels).toEqual({
      ...{ route_name: "r", status: kind === "http" ? "404" : "5" },
    });
  },
);
