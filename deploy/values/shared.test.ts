import { expect, test } from "bun:test";
import {
  DNS_LABEL,
  DURATION,
  DURATION_OR_NONE,
  FILLED,
  logFormat,
  PEM,
  PORTS,
  pullPolicy,
  resources,
} from "./shared.ts";

test.each([
  [DURATION, ["20s", "24h0m0s", "100ms"], ["", "1d", "1.5s", "10"]],
  [DURATION_OR_NONE, ["", "20s", "24h0m0s"], ["1d", "1.5s", "10"]],
  [FILLED, ["a", " a"], ["", " "]],
  [DNS_LABEL, ["linkerd", "a-1"], ["", "A", "-a", "a".repeat(64)]],
  [PORTS, ["", "25", "25,80-90", "25, 587"], ["http", "25,", "1-2-3"]],
  [PEM, ["", "-----BEGIN CERTIFICATE-----\n"], ["x"]],
])("%j", ({ pattern }, good, bad) => {
  expect([
    good.filter((each) => !pattern.test(each)),
    bad.filter((each) => pattern.test(each)),
  ]).toEqual([[], []]);
});

test("quantities are Kubernetes', images are pulled where they are not there, and logs are plain", () => {
  const { accepts } = resources("x").memory.limit;
  expect(["", "250Mi", "0.5", "100m", "x", "1 Gi"].map(accepts)).toEqual([
    true,
    true,
    true,
    true,
    false,
    false,
  ]);
  expect([pullPolicy("x").initial, logFormat("x").initial]).toEqual(["IfNotPresent", "plain"]);
});
