import { expect, test } from "bun:test";
import fc from "fast-check";
import { HpackDecoder } from "./decoder.ts";
import { HpackEncoder, INDEXED_LIMIT_BYTES } from "./encoder.ts";

type Field = readonly [name: string, value: string];
const encode = (encoder: HpackEncoder, fields: readonly Field[]): Buffer => {
  encoder.begin();
  for (const [name, value] of fields) encoder.field(name, value);
  return Buffer.from(encoder.bytes.subarray(0, encoder.length));
};
const decode = (decoder: HpackDecoder, block: Buffer): Field[] => {
  const fields: Field[] = [];
  decoder.decode(block, { onField: (name, value) => fields.push([name, value]) });
  return fields;
};

test("HpackEncoder indexes what repeats", () => {
  const encoder = new HpackEncoder();
  const fields: Field[] = [
    [":method", "GET"],
    ["x-app", "web"],
  ];
  expect(encode(encoder, fields).length).toBeGreaterThan(3);
  expect(encode(encoder, fields).toString("hex")).toBe("82be");
});

test("HpackEncoder never indexes secrets, nor puts what changes or is long into the table", () => {
  const encoder = new HpackEncoder();
  expect(encode(encoder, [["authorization", "a"]]).toString("hex")).toBe("1f080161");
  expect(encode(encoder, [["date", "a"]]).toString("hex")).toBe("0f120161");
  const long = "x".repeat(INDEXED_LIMIT_BYTES + 1);
  expect(encode(encoder, [["x-long", long]])[0]).toBe(0);
  expect(encode(encoder, [[long, "short"]])[0]).toBe(0);
});

test("HpackEncoder keeps secret what the caller says, paths with a query and short cookies out of the table", () => {
  const encoder = new HpackEncoder();
  for (let time = 0; time < 2; time++) {
    encoder.begin();
    encoder.secret("x-token", "a");
    encoder.secret(":path", "/");
    expect(encoder.bytes.subarray(0, encoder.length).toString("hex")).toBe(
      "1007782d746f6b656e016114012f",
    );
    expect(encode(encoder, [[":path", "/a?b"]]).toString("hex")).toBe("04042f613f62");
    expect(encode(encoder, [["cookie", "x".repeat(19)]])[0]).toBe(0x1f);
  }
  encode(encoder, [["cookie", "x".repeat(20)]]);
  expect(encode(encoder, [["cookie", "x".repeat(20)]]).toString("hex")).toBe("be");
});

test("HpackEncoder says the lowest size since the last block, and the last (RFC 7541 §4.2)", () => {
  const encoder = new HpackEncoder();
  const hex = (): string => encode(encoder, [["a", "b"]]).toString("hex");
  hex();
  encoder.setTableLimit(0);
  encoder.setTableLimit(30);
  encoder.setTableLimit(4096);
  expect(hex()).toBe("203fe11f4001610162");
  expect(hex()).toBe("be");
  encoder.setTableLimit(100);
  expect(hex()).toBe("3f45be");
  encoder.setTableLimit(1 << 20);
  encoder.setTableLimit(4096);
  expect(hex()).toBe("3fe11fbe");
});

test("HpackEncoder announces a smaller table, and stays in step with a decoder over many blocks", () => {
  const name = fc.stringMatching(/^[a-z-]{1,12}$/);
  const value = fc.string({ unit: "binary-ascii", maxLength: 40 });
  const block = fc.array(fc.tuple(name, value), { maxLength: 12 });
  fc.assert(
    fc.property(
      fc.array(block, { maxLength: 40 }),
      fc.integer({ min: 0, max: 5000 }),
      (blocks, limit) => {
        const encoder = new HpackEncoder();
        const decoder = new HpackDecoder({ listLimitBytes: 1 << 20 });
        for (const [index, fields] of blocks.entries()) {
          if (index % 5 === 4) encoder.setTableLimit((limit * index) % 5000);
          if (index % 7 === 6) encoder.setTableLimit(limit);
          expect(decode(decoder, encode(encoder, fields))).toEqual(fields);
        }
      },
    ),
    { numRuns: 1000 },
  );
});

test("HpackEncoder evicts over hundreds of entries", () => {
  const encoder = new HpackEncoder();
  const decoder = new HpackDecoder({ listLimitBytes: 1 << 20 });
  for (let i = 0; i < 1000; i++) {
    const fields: Field[] = [
      [`n${i % 200}`, `v${i}`],
      ["x-long", "y".repeat(300)],
    ];
    expect(decode(decoder, encode(encoder, fields))).toEqual(fields);
  }
  encoder.setTableLimit(4096);
  expect(encode(encoder, [["x", "y".repeat(6000)]]).length).toBeGreaterThan(6000);
});

test("HpackEncoder announces a smaller table in the first block of a connection", () => {
  const encoder = new HpackEncoder();
  encoder.setTableLimit(0);
  encoder.setTableLimit(300);
  encoder.begin();
  encoder.field(":method", "GET");
  expect(encoder.bytes.subarray(0, encoder.length).toHex()).toBe("203f8d0282");
});
