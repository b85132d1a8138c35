import { expect, test } from "bun:test";
import { increaseQuery, PrometheusError, pairOf, parseVector } from "./prometheus.ts";

const whose = { namespace: "shop", label: "deployment", values: ["web", "a.b"] };

test("increaseQuery() asks for what grew, by the labels and of buckets by their bounds", () => {
  const how = { whose, labels: ["srv_name"], windowMs: 90_000 };
  expect(increaseQuery("response_total", how)).toBe(
    'sum(increase(response_total{namespace="shop",deployment=~"web|a\\\\.b"}[90000ms])) by (deployment, srv_name)',
  );
  expect(increaseQuery("x_bucket", how)).toEndWith("by (deployment, srv_name, le)");
});

test("parseVector() has the samples that are numbers", () => {
  const result = [
    { metric: { a: "b" }, value: [1, "2.5"] },
    { metric: { a: "c" }, value: [1, "NaN"] },
    {},
  ];
  const answer = JSON.stringify({ status: "success", data: { resultType: "vector", result } });
  const samples = parseVector(answer, "x_total");
  expect(samples).toEqual([{ name: "x_total", labels: { a: "b" }, value: 2.5 }]);
  expect(pairOf(samples, 2000)).toEqual({ first: [], second: samples, seconds: 2 });
});

test.each([
  ['{"status":"error","errorType":"bad_data","error":"parse error"}', "refused"],
  ['{"status":"success","data":{"resultType":"matrix","result":[]}}', "malformed"],
  ['{"status":"success"}', "malformed"],
  ["<html>", "malformed"],
  ["null", "malformed"],
] as const)("parseVector() of %s throws: %s", (text, code) => {
  try {
    parseVector(text, "x");
    throw new Error("nothing was thrown");
  } catch (error) {
    expect(error instanceof PrometheusError && error.code).toBe(code);
  }
});
