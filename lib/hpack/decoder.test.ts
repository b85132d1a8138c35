import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { HpackDecoder, HpackError } from "./decoder.ts";

const LIST_LIMIT = 16_384;
const decodeWith = (decoder: HpackDecoder, hex: string): string[][] => {
  const fields: string[][] = [];
  decoder.decode(Buffer.from(hex, "hex"), { onField: (name, value) => fields.push([name, value]) });
  return fields;
};
const decoder = (listLimitBytes = LIST_LIMIT) => new HpackDecoder({ listLimitBytes });

// RFC 7541, appendix C.3: three requests without Huffman coding on one connection.
test("HpackDecoder decodes the requests of RFC 7541, appendix C.3", () => {
  const one = decoder();
  expect(decodeWith(one, "828684410f7777772e6578616d706c652e636f6d")).toEqual([
    [":method", "GET"],
    [":scheme", "http"],
    [":path", "/"],
    [":authority", "www.example.com"],
  ]);
  expect(decodeWith(one, "828684be58086e6f2d6361636865").slice(3)).toEqual([
    [":authority", "www.example.com"],
    ["cache-control", "no-cache"],
  ]);
  expect(
    decodeWith(one, "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565").slice(2),
  ).toEqual([
    [":path", "/index.html"],
    [":authority", "www.example.com"],
    ["custom-key", "custom-value"],
  ]);
});

test.each([
  ["index 0", "80"],
  ["an index past the tables", "be"],
  ["a truncated integer", "ff"],
  ["a truncated string", "400a6375"],
  ["a truncated literal", "40"],
  ["an integer too large", "ffffffffffff0f"],
  ["a table size above what was allowed", "3fe21f"],
  ["a table size after a field", "8220"],
  ["bad Huffman padding", "4001618118"],
])("HpackDecoder refuses %s", (_, hex) => {
  expect(() => decodeWith(decoder(), hex)).toThrow(HpackError);
});

test("HpackDecoder passes its list limit on, with the tables in step", () => {
  const small = decoder(100);
  const big = `400161${(60).toString(16)}${"78".repeat(60)}`;
  expect(decodeWith(small, big)).toHaveLength(1);
  expect(() => decodeWith(small, "bebe")).toThrow(expect.objectContaining({ code: "limit" }));
  expect(decodeWith(small, "be")).toHaveLength(1);
});

test("HpackDecoder tells which fields nobody may index", () => {
  const never: string[] = [];
  // Never indexed by a name of the table, without indexing, never indexed by a new name, with indexing.
  decoder().decode(Buffer.from("1f080161" + "0f080161" + "1001610162" + "4001620162", "hex"), {
    onField: () => undefined,
    onNeverIndexed: (name) => never.push(name),
  });
  expect(never).toEqual(["authorization", "a"]);
});

test("HpackDecoder takes two table sizes in one block", () => {
  const one = decoder();
  decodeWith(one, "4001610162");
  expect(decodeWith(one, "203fe11f4001610162be")).toHaveLength(2);
  expect(() => decodeWith(one, "bf")).toThrow(HpackError);
});

test("HpackDecoder refuses every block that is cut off inside a field", () => {
  const block =
    "488264016196dc34fd280654d27eea0801128166e32edc0814c5a37f408825a849e95ba97d7f8925a849e95bb8e8b4bf1f2902";
  const whole = Buffer.from(`${block}7978`, "hex");
  const ends = new Set<number>([0]);
  for (let end = 1; end <= whole.length; end++) {
    try {
      decoder().decode(whole.subarray(0, end), { onField: () => undefined });
      ends.add(end);
    } catch (error) {
      expect(error).toMatchObject({ code: "malformed" });
    }
  }
  expect(ends.size).toBe(5);
});

test("HpackDecoder counts its list limit to the byte", () => {
  const field = `000161${(67).toString(16).padStart(2, "0")}${"78".repeat(67)}`;
  expect(decodeWith(decoder(100), field)).toHaveLength(1);
  expect(() => decodeWith(decoder(99), field)).toThrow(expect.objectContaining({ code: "limit" }));
});

test("HpackDecoder takes integers up to 2^28 and a byte, and no longer ones", () => {
  expect(() => decodeWith(decoder(), "ffffffff7f")).toThrow("no entry");
  expect(() => decodeWith(decoder(), "ffffffffff00")).toThrow("too large");
  expect(() => decodeWith(decoder(), "ff8080808000")).toThrow("too large");
});

test("HpackDecoder takes strings longer than its scratch", () => {
  const length = 40_000;
  const bytes = Buffer.concat([
    Buffer.from("400161ffc1b702", "hex"),
    Buffer.alloc(length, "18c6318c63", "hex"),
  ]);
  const fields: string[] = [];
  new HpackDecoder({ listLimitBytes: 100_000 }).decode(bytes, {
    onField: (_, value) => fields.push(value),
  });
  expect(fields[0]?.length).toBeGreaterThan(length);
});

test("HpackDecoder never throws anything but HpackError", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        decodeWith(decoder(), Buffer.from(bytes).toString("hex"));
      } catch (error) {
        expect(error).toBeInstanceOf(HpackError);
      }
    }),
    { numRuns: 1000 },
  );
});

const CORPUS = `${import.meta.dir}/../../../shared/vectors/hpack`;
test.skipIf(!existsSync(CORPUS))(
  "HpackDecoder decodes every story of the public corpus beside the checkout",
  () => {
    let blocks = 0;
    for (const path of readdirSync(CORPUS, { recursive: true, encoding: "utf8" })) {
      if (!path.endsWith(".json")) continue;
      const story = JSON.parse(readFileSync(`${CORPUS}/${path}`, "utf8"));
      const one = decoder(1 << 20);
      for (const { wire, headers } of story.cases ?? []) {
        if (wire === undefined) continue;
        blocks++;
        const expected = headers.map((field: Record<string, string>) => Object.entries(field)[0]);
        expect(decodeWith(one, wire)).toEqual(expected);
      }
    }
    expect(blocks).toBeGreaterThan(0);
  },
  60_000,
);
