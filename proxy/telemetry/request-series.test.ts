import { expect, test } from "bun:test";
import { writeExposition } from "#lib/metrics/exposition.ts";
import { Registry } from "#lib/metrics/registry.ts";
import {
  type Ending,
  EndingCounters,
  FAULTS,
  FRAME_BOUNDS,
  inboundEnding,
  outboundEnding,
} from "./request-series.ts";

const ending = (over: Partial<Ending>): Ending => ({
  ...{ status: 200, grpcStatus: -1, fault: "" },
  ...over,
});

test("MET24, MET29: outbound names a status, a code or the fault", () => {
  expect(outboundEnding("http", ending({}))).toEqual({ http_status: "200", error: "" });
  expect(outboundEnding("http", ending({ status: 0, fault: "FAIL_FAST" }))).toEqual({
    http_status: "",
    error: "FAIL_FAST",
  });
  const codes = [0, 1, 2, 8, 14, 16, 17, 99_999, -1].map(
    (grpcStatus) => outboundEnding("grpc", ending({ grpcStatus }))["grpc_status"],
  );
  expect(codes).toEqual([
    ...["OK", "CANCELLED", "UNKNOWN", "RESOURCE_EXHAUSTED", "UNAVAILABLE", "UNAUTHENTICATED"],
    ...["UNKNOWN", "UNKNOWN", "UNKNOWN"],
  ]);
  expect(FAULTS.join(" ")).toBe(
    " FAIL_FAST LOAD_SHED REQUEST_TIMEOUT RESPONSE_HEADERS_TIMEOUT RESPONSE_STREAM_TIMEOUT IDLE_TIMEOUT" +
      " CANCEL REFUSED ENHANCE_YOUR_CALM RESET GO_AWAY IO UNKNOWN",
  );
});

test("MET16: inbound has numbers, and nothing where none was seen", () => {
  const status = (kind: "http" | "grpc", over: Partial<Ending>) =>
    inboundEnding(kind, ending(over))["status"];
  expect([
    ...[status("http", { status: 404 }), status("http", { status: 0 })],
    ...[status("grpc", { grpcStatus: 7 }), status("grpc", { grpcStatus: 70 }), status("grpc", {})],
  ]).toEqual(["404", "", "7", "2", ""]);
});

test("MET19, MET25, MET30: frames are counted up to 128, 1,024 and 10,240 bytes", () => {
  expect(FRAME_BOUNDS).toEqual([128, 1024, 10_240]);
});

test("EndingCounters counts what ended alike in one series, and has few whatever codes come", () => {
  const registry = new Registry();
  const family = registry.counter("statuses_total", "S.");
  const how = { kind: "grpc", labels: 'a="b"', write: outboundEnding } as const;
  const counters = new EndingCounters(family, how);
  for (let grpcStatus = -1; grpcStatus < 1000; grpcStatus++) counters.count(ending({ grpcStatus }));
  counters.count(ending({ grpcStatus: 1, fault: "RESET" }));
  const text = writeExposition(registry, { nowMs: 0, retainIdleMs: 1 });
  expect(text).toContain('statuses_total{a="b",grpc_status="OK",error=""} 1\n');
  expect(text).toContain('statuses_total{a="b",grpc_status="CANCELLED",error="RESET"} 1\n');
  expect(text).toContain(`statuses_total{a="b",grpc_status="UNKNOWN",error=""} ${1001 - 16}\n`);
  expect([...family.series()]).toHaveLength(18);
});
