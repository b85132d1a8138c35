import { expect, test } from "bun:test";
import { create } from "@bufbuild/protobuf";
import { TcpAddressSchema } from "#lib/api/gen/proxy/net_pb.ts";
import { duration, fromIp, fromNetworks, toAddr } from "./convert.ts";

test.each(["10.1.2.3", "fd00::1"])("fromIp() and toAddr() carry %s", (ip) => {
  expect(toAddr(create(TcpAddressSchema, { ip: fromIp(ip), port: 80 }))).toEqual({ ip, port: 80 });
});

test("fromIp() and fromNetworks() write IPv4-mapped addresses as IPv4", () => {
  expect(fromIp("::ffff:10.1.2.3")).toEqual(fromIp("10.1.2.3"));
  expect(fromNetworks(["::ffff:10.0.0.0/104"])).toEqual(fromNetworks(["10.0.0.0/8"]));
});

test("toAddr() refuses no address, port 0 and ports beyond 65535", () => {
  expect(toAddr(create(TcpAddressSchema, { port: 80 }))).toBeUndefined();
  for (const port of [0, 70_000])
    expect(toAddr(create(TcpAddressSchema, { ip: fromIp("1.1.1.1"), port }))).toBeUndefined();
});

test("fromNetworks() leaves out what is no network, duration() splits milliseconds", () => {
  expect(fromNetworks(["10.0.0.0/8", "x"]).map(({ net }) => net.prefixLen)).toEqual([8]);
  expect(duration(1500)).toEqual({ seconds: 1n, nanos: 500_000_000 });
});
