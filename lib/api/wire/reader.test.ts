import { expect, test } from "bun:test";
import { WireError, WireReader } from "./reader.ts";

const reader = (hex: string): WireReader => new WireReader(Uint8Array.fromHex(hex));

test("WireReader reads the encodings of protobuf", () => {
  expect(reader("ac02").uint32()).toBe(300);
  expect(reader("ffffffffffffffffff01").uint32()).toBe(0xffff_ffff);
  expect(reader("ffffffffffffffffff01").int32()).toBe(-1);
  expect(reader("ffffffffffffffffff01").int64()).toBe(-1n);
  expect(reader("80808080808080808001").int64()).toBe(-(2n ** 63n));
  expect(reader("ffffffffffffffffff01").uint64()).toBe(2n ** 64n - 1n);
  expect([reader("00").bool(), reader("808080808001").bool()]).toEqual([false, true]);
  expect(reader("78563412").fixed32()).toBe(0x12345678);
  expect(reader("ffffffffffffffff").fixed64()).toBe(2n ** 64n - 1n);
  expect([reader("0000c03f").float(), reader("000000000000f83f").double()]).toEqual([1.5, 1.5]);
  expect(reader("06efbbbfe282ac").string()).toBe("\u{feff}€");
});

test("WireReader reads nothing beyond the value that was entered", () => {
  const outer = reader("020801ff01");
  const end = outer.enter();
  expect([outer.tag(), outer.uint32(), outer.done]).toEqual([8, 1, true]);
  expect(() => outer.uint32()).toThrow(new WireError("truncated"));
  outer.leave(end);
  expect([outer.uint32(), outer.done]).toEqual([255, true]);
  expect(() => reader("0500").enter()).toThrow(WireError);
});

test("WireReader passes over values of every type", () => {
  for (const hex of ["7801", "790102030405060708", "7a0161", "7b08017c", "7d01020304"]) {
    const each = reader(hex);
    each.skip(each.tag(), 1);
    expect(each.done).toBe(true);
  }
});
