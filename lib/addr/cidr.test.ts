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

test.each(["10/8", "10.1/16", "010.0.0.0/8", "0x0a000000/8", "fe80::1%eth0/64", "10.0.0.0/8/8"])(
  "Cidr.parse() refuses %s, which nobody else reads, or reads so",
  (text) => {
    expect(Cidr.parse(text)).toBeUndefined();
  },
);

test("Cidr.parse() takes a network of mapped addresses for one of IPv4", () => {
  expect(Cidr.parse("::ffff:10.0.0.0/104")?.text).toBe("10.0.0.0/8");
  expect(Cidr.parse("::ffff:10.0.0.0/104")?.contains("10.1.2.3")).toBe(true);
  expect(Cidr.parse("::ffff:10.1.2.3")?.text).toBe("10.1.2.3/32");
  expect(Cidr.parse("::ffff:10.0.0.0/90")).toBeUndefined();
});

test("anyContains() asks every network", () => {
  const networks = ["10.0.0.0/8", "fd00::/8"].flatMap((text) => Cidr.parse(text) ?? []);
  expect(anyContains(networks, "fd00::2")).toBe(true);
  expect(anyContains(networks, "192.0.2.1")).toBe(false);
});
