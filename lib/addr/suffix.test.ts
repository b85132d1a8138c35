import { expect, test } from "bun:test";
import { isUnder, parseNameSuffix } from "./suffix.ts";

test("parseNameSuffix() takes names with and without a last dot, and the dot alone", () => {
  expect(["svc.cluster.local.", "SVC.cluster.local", "local", "."].map(parseNameSuffix)).toEqual([
    ...["svc.cluster.local", "svc.cluster.local", "local", ""],
  ]);
  for (const bad of ["", "..", ".local", "a..b", "a b", "-a", "a-", "a:80", "a".repeat(64)])
    expect(parseNameSuffix(bad)).toBeUndefined();
});

test("isUnder() compares whole labels, whatever their case", () => {
  const suffixes = ["svc.cluster.local"];
  for (const name of ["web.ns.svc.cluster.local", "WEB.ns.svc.cluster.local.", "svc.cluster.local"])
    expect(isUnder(name, suffixes)).toBe(true);
  for (const name of ["xsvc.cluster.local", "cluster.local", "web", "", "svc.cluster.local.com"])
    expect(isUnder(name, suffixes)).toBe(false);
  expect(isUnder("anything.test", [""])).toBe(true);
  expect(isUnder("anything.test", [])).toBe(false);
});
