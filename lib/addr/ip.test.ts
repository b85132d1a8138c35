import { expect, test } from "bun:test";
import { fromBytes, isIpv6, isLoopback, normalizeIp, toBytes } from "./ip.ts";

test.each([
  ["10.1.2.3", "10.1.2.3"],
  ["::ffff:10.1.2.3", "10.1.2.3"],
  ["FE80:0:0::1", "fe80::1"],
  ["localhost", undefined],
  ["10.1.2.300", undefined],
  ["10", undefined],
  ["10.1", undefined],
  ["010.1.2.3", undefined],
  ["0x0a.1.2.3", undefined],
])("normalizeIp(%s) is %s", (text, ip) => {
  expect(normalizeIp(text)).toBe(ip as string);
});

test("isLoopback() knows 127/8, ::1 and mapped ones", () => {
  expect(["127.0.0.9", "::1", "::ffff:127.0.0.1"].every(isLoopback)).toBe(true);
  expect(isLoopback("10.0.0.1")).toBe(false);
  expect([isIpv6("::1"), isIpv6("10.0.0.1")]).toEqual([true, false]);
});

test("toBytes() and fromBytes() are inverse", () => {
  for (const ip of ["10.1.2.3", "fd00::1"]) expect(fromBytes(toBytes(ip))).toBe(ip);
  expect(toBytes("10.1.2.3")).toEqual(Uint8Array.of(10, 1, 2, 3));
  expect(() => toBytes("x")).toThrow(RangeError);
  expect(() => toBytes("10.1")).toThrow(RangeError);
});
