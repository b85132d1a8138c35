import { expect, test } from "bun:test";
import { POLICY, review, said, type World } from "../../test/fake/policy-review.ts";
import type { NamedServer } from "./server.ts";

const serverOf = (over: object = {}): object => ({
  podSelector: { matchLabels: { app: "web" } },
  port: 80,
  ...over,
});
const servers = (spec: object, name = "old"): World => ({
  servers: () => [{ name, spec: spec as NamedServer["spec"] }],
});

test.each([
  ["another port", serverOf({ port: 81 }), ""],
  ["other pods", serverOf({ podSelector: { matchLabels: { app: "api" } } }), ""],
  ["the same", serverOf(), "Server old is for the same port"],
  ["all pods", serverOf({ podSelector: {} }), "Server old is for the same port"],
  ["workloads", { externalWorkloadSelector: { matchLabels: { app: "web" } }, port: 80 }, ""],
])("ADM1: a Server beside one for %s", (_, other, problem) => {
  const told = said(review([POLICY, "Server"], serverOf()), servers(other));
  expect(problem === "" ? told : told.includes(problem)).toBe(problem === "" ? "" : true);
});

test("ADM1: values of a selector are the same in any order", () => {
  const of = (...values: string[]) =>
    serverOf({ podSelector: { matchExpressions: [{ key: "app", operator: "In", values }] } });
  const beside = (other: object): string =>
    said(review([POLICY, "Server"], of("web", "api")), servers(other));
  expect(beside(of("api", "web"))).toContain("Server old is for the same port");
  expect(beside(of("api"))).toBe("");
});

test("ADM1: a Server that is updated does not stand in its own way", () => {
  const asked = review([POLICY, "Server"], serverOf(), { operation: "UPDATE" });
  expect(said(asked, servers(serverOf(), "it"))).toBe("");
});

test.each([
  ["ADM2: no selector", { port: 80 }, "exactly one of podSelector and externalWorkloadSelector"],
  ["ADM2: both selectors", serverOf({ externalWorkloadSelector: {} }), "exactly one of"],
  ["ADM10: an unknown policy", serverOf({ accessPolicy: "allow" }), '"allow" is none: all-unauth'],
  ["ADM10: a default policy", serverOf({ accessPolicy: "audit" }), ""],
  ["a protocol misspelt", serverOf({ proxyProtocol: "HTTP2" }), '"HTTP2" is none: unknown, HTTP/1'],
  ["a protocol", serverOf({ proxyProtocol: "HTTP/2" }), ""],
])("%s of a Server", (_, spec, problem) => {
  const told = said(review([POLICY, "Server"], spec));
  expect(problem === "" ? told : told.includes(problem)).toBe(problem === "" ? "" : true);
});
