import { expect, test } from "bun:test";
import fc from "fast-check";
import { huffmanDecode, huffmanEncode, huffmanLength } from "./huffman.ts";

const decode = (bytes: Uint8Array): string | undefined => {
  const into = new Uint8Array(bytes.length * 2 + 8);
  const length = huffmanDecode(bytes, { from: 0, to: bytes.length, into });
  return length < 0 ? undefined : Buffer.from(into.subarray(0, length)).toString("latin1");
};

// RFC 7541, appendix C.4 and C.6.
test.each([
  ["www.example.com", "f1e3c2e5f23a6ba0ab90f4ff"],
  ["no-cache", "a8eb10649cbf"],
  ["custom-value", "25a849e95bb8e8b4bf"],
  ["Mon, 21 Oct 2013 20:13:21 GMT", "d07abe941054d444a8200595040b8166e082a62d1bff"],
])("huffmanEncode(%s) is %s", (text, hex) => {
  const into = new Uint8Array(100);
  expect(into.subarray(0, huffmanEncode(text, into, 0)).toHex()).toBe(hex);
  expect(huffmanLength(text)).toBe(hex.length / 2);
  expect(decode(Uint8Array.fromHex(hex))).toBe(text);
});

test.each([
  ["a byte of padding too much", "a8eb10649cbfff"],
  ["padding with zeros", "18"],
  ["EOS inside", "fffffffc"],
])("huffmanDecode() refuses %s", (_, hex) => {
  expect(decode(Uint8Array.fromHex(hex))).toBeUndefined();
});

test("huffmanDecode() reads what huffmanEncode() writes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const text = Buffer.from(bytes).toString("latin1");
      const into = new Uint8Array(500);
      expect(decode(into.subarray(0, huffmanEncode(text, into, 0)))).toBe(text);
    }),
    { numRuns: 1000 },
  );
});

test("huffmanDecode() makes of a code that is cut off the beginning of its text, or nothing", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (bytes) => {
      const text = Buffer.from(bytes).toString("latin1");
      const into = new Uint8Array(500);
      const length = huffmanEncode(text, into, 0);
      for (let end = 0; end < length; end++) {
        const read = decode(into.slice(0, end));
        if (read !== undefined) expect(text.startsWith(read)).toBe(true);
      }
    }),
    { numRuns: 1000 },
  );
});
