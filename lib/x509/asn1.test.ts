import { expect, test } from "bun:test";
import { bytesOf, decode, encode, oidOf, partsOf, tagOf } from "./asn1.ts";
import { context, oid, sequence, utf8 } from "./der.ts";

test("partsOf(), bytesOf(), oidOf() and tagOf() look into nodes", () => {
  const node = decode(sequence(oid("1.2.3")));
  expect(partsOf(node)).toHaveLength(1);
  expect(oidOf(partsOf(node)?.[0])).toBe("1.2.3");
  const text = decode(utf8("a"));
  expect([bytesOf(node), partsOf(text), oidOf(text), tagOf(decode(context(2, [])))]).toEqual([
    undefined,
    undefined,
    undefined,
    2,
  ]);
});

test("encode() undoes decode(), which refuses garbage", () => {
  const der = sequence(oid("1.2.3"), utf8("a"));
  expect(encode(decode(der))).toEqual(der);
  expect(() => decode(Uint8Array.of(0x30, 5))).toThrow();
});
