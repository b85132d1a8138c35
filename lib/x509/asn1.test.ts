import { expect, test } from "bun:test";
import {
  bits,
  boolean,
  bytesOf,
  context,
  encode,
  integer,
  octets,
  oid,
  oidOf,
  partsOf,
  sequence,
  set,
  tagOf,
  time,
  utf8,
} from "./asn1.ts";

const hex = (node: Parameters<typeof encode>[0]): string => encode(node).toHex();

test.each([
  [integer(Uint8Array.of(5)), "020105"],
  [integer(Uint8Array.of(0x80)), "02020080"],
  [boolean(true), "0101ff"],
  [boolean(false), "010100"],
  [utf8("é"), "0c02c3a9"],
  [octets(Uint8Array.of(1)), "040101"],
  [bits(Uint8Array.of(0xa0), 5), "030205a0"],
  [oid("2.5.4.3"), "0603550403"],
  [sequence(set()), "30023100"],
  [context(2, Uint8Array.of(97)), "820161"],
  [context(0, [integer(Uint8Array.of(2))]), "a003020102"],
  [time(new Date(Date.UTC(2026, 0, 2, 3, 4, 5))), "170d3236303130323033303430355a"],
  [time(new Date(Date.UTC(2050, 0, 1))), "180f32303530303130313030303030305a"],
])("encode() gives DER: %#", (node, expected) => {
  expect(hex(node)).toBe(expected);
});

test("partsOf(), bytesOf(), oidOf() and tagOf() look into nodes", () => {
  const node = sequence(oid("1.2.3"));
  expect(partsOf(node)).toHaveLength(1);
  expect(oidOf(partsOf(node)?.[0])).toBe("1.2.3");
  expect([bytesOf(node), partsOf(utf8("a")), oidOf(utf8("a")), tagOf(context(2, []))]).toEqual([
    undefined,
    undefined,
    undefined,
    2,
  ]);
});
