/** HPACK and its Huffman code: bounded, and what was decoded is encoded and decoded as the same. */

import { HpackDecoder, HpackError } from "#lib/hpack/decoder.ts";
import { HpackEncoder } from "#lib/hpack/encoder.ts";
import { huffmanDecode, huffmanEncode, huffmanLength } from "#lib/hpack/huffman.ts";
import { assertSame, hex, latin1, type Target } from "../target.ts";

const LIST_LIMIT_BYTES = 4096;

/** The blocks of one connection: an input is cut at each byte 0xff that a length byte before it announces. */
function blocksOf(input: Uint8Array): Uint8Array[] {
  const blocks: Uint8Array[] = [];
  for (let at = 0; at < input.length; ) {
    const length = (input[at] as number) & 63;
    blocks.push(input.subarray(at + 1, at + 1 + length));
    at += 1 + length;
  }
  return blocks;
}

/** Header blocks, each behind a byte with its length, on one connection. */
export const HPACK: Target = {
  name: "hpack",
  maxBytes: 256,
  seeds: [
    hex("03 828684"),
    hex("11 828684418cf1e3c2e5f23a6ba0ab90f4ff 05 828684be58"),
    hex("0b 40 03 616263 03 646566 bebe 05 be bebe bebe"),
    hex("06 20 3f e1 1f 82 84 02 3f 00"),
    hex("0e 10 08 70617373776f7264 03 736563 09 00 01 61 01 62 0f 00 01 63"),
    hex("07 48 82 6402 58 85 aec3771a4b 04 c0 bf be 88"),
  ],
  tokens: ["be", "3fe11f", "20", "4001610162", "ffffffff0f", "7f00", "8386", "1f00", "88aec3"].map(
    hex,
  ),
  run: (input) => {
    const decoder = new HpackDecoder({ listLimitBytes: LIST_LIMIT_BYTES });
    const encoder = new HpackEncoder();
    const again = new HpackDecoder({ listLimitBytes: LIST_LIMIT_BYTES });
    for (const block of blocksOf(input)) {
      const fields = decode(decoder, block);
      if (fields === undefined) return;
      encoder.begin();
      for (const [name, value] of fields) encoder.field(name, value);
      const encoded = new Uint8Array(encoder.bytes.subarray(0, encoder.length));
      const decoded = decode(again, encoded);
      assertSame("fields encoded and decoded", fields.map(String), (decoded ?? []).map(String));
    }
  },
};

/** The fields of a block; undefined where it ends the connection, none where the list is too long. */
function decode(decoder: HpackDecoder, block: Uint8Array): [string, string][] | undefined {
  const fields: [string, string][] = [];
  let size = 0;
  const code = decodeInto(decoder, block, (name, value) => {
    fields.push([name, value]);
    size += name.length + value.length + 32;
  });
  if (size > LIST_LIMIT_BYTES) throw new Error(`a list of ${size} bytes came through`);
  if (code === "malformed") return undefined;
  return code === "limit" ? [] : fields;
}

function decodeInto(
  decoder: HpackDecoder,
  block: Uint8Array,
  onField: (name: string, value: string) => void,
): HpackError["code"] | undefined {
  try {
    decoder.decode(Buffer.from(block), { onField });
    return undefined;
  } catch (error) {
    if (!(error instanceof HpackError)) throw error;
    return error.code;
  }
}

/** Huffman codes: what decodes is the one code of what it decodes to. */
export const HUFFMAN: Target = {
  name: "huffman",
  maxBytes: 64,
  seeds: [
    hex("f1e3c2e5f23a6ba0ab90f4ff"),
    hex("a8eb10649cbf"),
    hex("ff"),
    hex("1f"),
    latin1("plain"),
  ],
  tokens: ["ff", "fffffffc", "ffffffff", "00", "fe3f"].map(hex),
  run: (input) => {
    const into = Buffer.alloc(input.length * 2);
    const length = huffmanDecode(input, { from: 0, to: input.length, into });
    if (length < 0) return;
    const text = into.toString("latin1", 0, length);
    const coded = Buffer.alloc(huffmanLength(text) + 8);
    const end = huffmanEncode(text, coded, 0);
    if (!coded.subarray(0, end).equals(input))
      throw new Error(
        `${Buffer.from(input).toString("hex")} is not the code of ${JSON.stringify(text)}`,
      );
    if (end !== huffmanLength(text))
      throw new Error(`a length of ${huffmanLength(text)} was ${end}`);
  },
};
