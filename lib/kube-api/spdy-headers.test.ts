import { expect, test } from "bun:test";
import { constants, createDeflate } from "node:zlib";
import { DICTIONARY, HeaderDeflater, HeaderInflater } from "./spdy-headers.ts";

/** Adler-32 (RFC 1950 §8.2). */
function adler32(bytes: Uint8Array): string {
  let low = 1;
  let high = 0;
  for (const byte of bytes) {
    low = (low + byte) % 65_521;
    high = (high + low) % 65_521;
  }
  return (high * 65_536 + low).toString(16);
}

function plain(fields: Readonly<Record<string, string>>): Buffer {
  const number = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  };
  const texts = Object.entries(fields)
    .flat()
    .flatMap((text) => [number(text.length), Buffer.from(text)]);
  return Buffer.concat([number(Object.keys(fields).length), ...texts]);
}

/** Blocks as zlib compresses them, one connection. */
async function compressed(blocks: readonly Buffer[]): Promise<Buffer[]> {
  const deflate = createDeflate({ level: 9, dictionary: DICTIONARY });
  const made: Buffer[] = [];
  for (const block of blocks) {
    const parts: Buffer[] = [];
    const take = (part: Buffer): void => void parts.push(part);
    deflate.on("data", take);
    deflate.write(block);
    await new Promise<void>((resolve) => deflate.flush(constants.Z_SYNC_FLUSH, resolve));
    deflate.off("data", take);
    made.push(Buffer.concat(parts));
  }
  return made;
}

test("the dictionary is the one that every SPDY/3 peer has", () => {
  expect([DICTIONARY.length, adler32(DICTIONARY)]).toEqual([1423, "e3c6a7c2"]);
});

test("blocks of one connection are read in order, over more than a window", async () => {
  const fields = Array.from({ length: 400 }, (_, index) => ({
    port: "8080",
    requestid: String(index),
    streamtype: index % 2 === 0 ? "error" : "data",
    padding: crypto.randomUUID().repeat(4),
  }));
  const inflater = new HeaderInflater();
  const blocks = await compressed(fields.map(plain));
  for (const [index, block] of blocks.entries())
    expect(Object.fromEntries(inflater.read(block))).toEqual(fields[index] ?? {});
});

test("blocks that are written are read", () => {
  const deflater = new HeaderDeflater();
  const inflater = new HeaderInflater();
  for (const fields of [{}, { a: "b" }, {}, { streamtype: "data" }])
    expect(
      Object.fromEntries(inflater.read(deflater.write(new Map(Object.entries(fields))))),
    ).toEqual(fields);
});

test("what is no block is refused", async () => {
  const [good = Buffer.alloc(0)] = await compressed([plain({ a: "b" })]);
  for (let cut = 0; cut < 10; cut += 1)
    expect(() => new HeaderInflater().read(good.subarray(0, cut))).toThrow();
  const [long = Buffer.alloc(0)] = await compressed([plain({ a: "b".repeat(70_000) })]);
  expect(() => new HeaderInflater().read(long)).toThrow();
  const [short = Buffer.alloc(0)] = await compressed([plain({ a: "b" }).subarray(0, -1)]);
  expect(() => new HeaderInflater().read(short)).toThrow("a field is cut off");
});
