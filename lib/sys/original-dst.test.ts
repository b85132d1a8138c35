import { expect, test } from "bun:test";
import { originalDst, readSockaddr } from "./original-dst.ts";

test("originalDst() finds nothing on what is no redirected socket", () => {
  expect(originalDst(0, "ipv4")).toBeUndefined();
  expect(originalDst(-1, "ipv6")).toBeUndefined();
});

test("readSockaddr() reads both families, and mapped addresses as IPv4", () => {
  const v4 = Uint8Array.fromHex("0200005000010203000000000000000000000000000000000000000000");
  v4[4] = 10;
  expect(readSockaddr(v4)).toEqual({ ip: "10.1.2.3", port: 80 });
  const v6 = Uint8Array.fromHex("0a001a0b00000000fd00000000000000000000000000000100000000");
  expect(readSockaddr(v6)).toEqual({ ip: "fd00::1", port: 6667 });
  const mapped = Uint8Array.fromHex(
    "0a00005000000000000000000000000000000000ffff0a0000010000".slice(0, 56),
  );
  mapped.set([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 0, 0, 1], 8);
  expect(readSockaddr(mapped).ip).toBe("10.0.0.1");
});
