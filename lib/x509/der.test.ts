import { expect, test } from "bun:test";
import fc from "fast-check";
import { bytesOf, decode, encode, oidOf, partsOf, tagOf } from "./asn1.ts";
import { bits, boolean, context, integer, octets, oid, sequence, set, time, utf8 } from "./der.ts";

test.each([
  [integer(Uint8Array.of(5)), "020105"],
  [integer(Uint8Array.of(0x80)), "02020080"],
  [integer(Uint8Array.of(0, 0, 5)), "020105"],
  [integer(Uint8Array.of(0, 0x80)), "02020080"],
  [integer(Uint8Array.of(0, 0)), "020100"],
  [integer(Uint8Array.of()), "020100"],
  [boolean(true), "0101ff"],
  [boolean(false), "010100"],
  [utf8("é"), "0c02c3a9"],
  [octets(Uint8Array.of(1)), "040101"],
  [octets(new Uint8Array(128)), `048180${"00".repeat(128)}`],
  [octets(new Uint8Array(256)), `04820100${"00".repeat(256)}`],
  [bits(Uint8Array.of(0xa0), 5), "030205a0"],
  [oid("2.5.4.3"), "0603550403"],
  [oid("1.2.840.113549.1.9.14"), "06092a864886f70d01090e"],
  [sequence(set()), "30023100"],
  [context(2, Uint8Array.of(97)), "820161"],
  [context(0, [integer(Uint8Array.of(2))]), "a003020102"],
  [time(new Date(Date.UTC(2026, 0, 2, 3, 4, 5))), "170d3236303130323033303430355a"],
  [time(new Date(Date.UTC(2050, 0, 1))), "180f32303530303130313030303030305a"],
])("values are DER: %#", (der, hex) => {
  expect(der.toHex()).toBe(hex);
});

const arcs = fc.array(fc.nat(0x7fff_ffff), { minLength: 1, maxLength: 8 });
const bytes = fc.oneof(
  { weight: 30, arbitrary: fc.uint8Array({ maxLength: 400, size: "max" }) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 70_000, size: "max" }) },
);

test("node-forge reads what was written, and writes it the same", () => {
  fc.assert(
    fc.property(arcs, bytes, fc.integer({ min: 0, max: 30 }), (rest, content, tag) => {
      const dotted = `1.2.${rest.join(".")}`;
      const der = sequence(
        oid(dotted),
        context(tag, [octets(content)]),
        integer(Uint8Array.of(1, ...content.subarray(0, 20))),
      );
      const tree = decode(der);
      expect(encode(tree).toHex()).toBe(der.toHex());
      const [id, tagged] = partsOf(tree) ?? [];
      expect(oidOf(id)).toBe(dotted);
      expect(tagged && tagOf(tagged)).toBe(tag);
      expect(bytesOf(partsOf(tagged)?.[0])?.toHex()).toBe(content.toHex());
    }),
    { numRuns: 1000 },
  );
});
