import { expect, test } from "bun:test";
import { writeExposition } from "#lib/metrics/exposition.ts";
import { parseExposition } from "#lib/metrics/parse.ts";
import { Registry } from "#lib/metrics/registry.ts";
import { answerOf, HttpMetrics, LATENCY_BOUNDS_MS, outcomeOf } from "./http-metrics.ts";

test("MET1, MET2: HttpScope counts requests and responses with Linkerd's labels", () => {
  const registry = new Registry();
  const scope = new HttpMetrics(registry).scope({ direction: "inbound" }, {});
  for (let i = 0; i < 4; i++) scope.requests.increment();
  scope.end(outcomeOf({ status: 200, grpcStatus: -1, failed: false }), 7);
  scope.end(outcomeOf({ status: 200, grpcStatus: -1, failed: false }), 7);
  scope.end(outcomeOf({ status: 200, grpcStatus: 14, failed: true }), 7);
  scope.end(outcomeOf({ status: 0, grpcStatus: -1, failed: true }), 7);
  const samples = parseExposition(writeExposition(registry, { nowMs: 0, retainIdleMs: 1 }));
  expect(samples.filter(({ name }) => name.endsWith("_total"))).toEqual([
    { name: "request_total", labels: { direction: "inbound" }, value: 4 },
    {
      name: "response_total",
      value: 2,
      labels: {
        direction: "inbound",
        status_code: "200",
        classification: "success",
        grpc_status: "",
        error: "",
      },
    },
    {
      name: "response_total",
      value: 1,
      labels: {
        direction: "inbound",
        status_code: "200",
        classification: "failure",
        grpc_status: "14",
        error: "",
      },
    },
    {
      name: "response_total",
      value: 1,
      labels: { direction: "inbound", classification: "failure", grpc_status: "", error: "" },
    },
  ]);
  const counts = samples.filter(({ name }) => name === "response_latency_ms_count");
  expect(counts.map(({ value }) => value)).toEqual([3, 1]);
});

test("MET3: LATENCY_BOUNDS_MS are Linkerd's", () => {
  expect(LATENCY_BOUNDS_MS).toEqual([
    1, 2, 3, 4, 5, 10, 20, 30, 40, 50, 100, 200, 300, 400, 500, 1000, 2000, 3000, 4000, 5000,
    10_000, 20_000, 30_000, 40_000, 50_000,
  ]);
});

test("an answer is a number that says all of it", () => {
  for (const status of [0, 101, 200, 999])
    for (const grpcStatus of [-1, 0, 16, 99_998])
      for (const failed of [false, true]) {
        const answer = { status, grpcStatus, failed };
        expect(answerOf(outcomeOf(answer))).toEqual(answer);
      }
});
