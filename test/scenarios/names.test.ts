import { expect, test } from "bun:test";
import { Names } from "./names.ts";
import { OUTSIDE } from "./outside.ts";
import type { Pods } from "./pods.ts";

const pods = {
  addresses: async () => ["10.244.0.7", "fd00::7"],
  serviceAddresses: async (name: string) =>
    name === "one" ? ["10.96.0.1"] : ["10.96.0.2", "fd01::2"],
} as unknown as Pods;

test("a name means its address of one family, and another's where it has none of that", async () => {
  const names = new Names("IPv6", pods);
  const asked = ["both.a.svc.cluster.local", OUTSIDE, "one.a.svc.cluster.local", "192.0.2.1"];
  expect(await Promise.all(asked.map((each) => names.addressOf(each)))).toEqual([
    ...["fd01::2", "2001:db8:2::10", "10.96.0.1", "192.0.2.1"],
  ]);
  expect(names.count).toBe(2);
  names.family = "IPv4";
  expect(await names.addressOf("both.a.svc.cluster.local")).toBe("10.96.0.2");
});

test("addresses of IPv6 are written as their place wants them", async () => {
  const names = new Names("IPv6", pods);
  expect(await names.podUrl("web-v1", 80)).toBe("http://[fd00::7]:80/");
  expect(await names.dialled("both.a.svc:90")).toBe("[fd01::2]:90");
  expect(await names.resolve("https://both.a.svc/x", {})).toEqual([
    ...["--resolve", "both.a.svc:443:[fd01::2]"],
  ]);
  expect(await names.resolve("http://[fd00::7]/", {})).toEqual([]);
});
