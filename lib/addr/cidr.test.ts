import { expect, test } from "bun:test";
import { anyContains, Cidr } from "./cidr.ts";

test.each([
  ["10.0.0.0/8", "10.1.2.3", true],
  ["10.0.0.0/8", "::ffff:10.1.2.3", true],
  ["10.0.0.0/8", "11.0.0.1", false],
  ["10.1.2.3", "10.1.2.3", true],
  ["fd00::/8", "fd01::1", true],
  ["fd00::/8", "10.0.0.1", false],
  ["0.0.0.0/0", "nonsense", false],
])("Cidr %s contains %s: %s", (network, ip, contained) => {
  expect(Cidr.parse(network)?.contains(ip)).toBe(contained);
});

test("Cidr.parse() refuses what is no network", () => {
  expect(Cidr.parse("10.0.0.0/33")).toBeUndefined();
  expect(Cidr.parse("web")).toBeUndefined();
});

test("anyContains() asks every network", () => {
  const networks = ["10.0.0.0/8", "fd00::/8"].flatMap((text) => Cidr.parse(text) ?? []);
  expect(anyContains(networks, "fd00::2")).toBe(true);
  expect(anyContains(networks, "192.0.2.1")).toBe(false);
});
