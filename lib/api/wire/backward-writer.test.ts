import { expect, test } from "bun:test";
import fc from "fast-check";
import { BackwardWriter } from "./backward-writer.ts";

test("BackwardWriter puts what is written before what was, however much that comes to be", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), (chunks) => {
      const out = new BackwardWriter();
      for (const chunk of chunks) out.push(chunk);
      expect(out.length).toBe(chunks.reduce((sum, { length }) => sum + length, 0));
      expect(Buffer.from(out.take())).toEqual(Buffer.concat(chunks.toReversed()));
    }),
  );
});

test("BackwardWriter keeps nothing of what it has given away", () => {
  const out = new BackwardWriter();
  out.text("b");
  const taken = out.take();
  out.text("a");
  expect([Buffer.from(taken).toString(), Buffer.from(out.take()).toString()]).toEqual(["b", "ab"]);
});

test.each([
  ["the least", 0, "00"],
  ["the last of one byte", 127, "7f"],
  ["the first of two", 128, "8001"],
  ["the largest", 2 ** 32 - 1, "ffffffff0f"],
])("BackwardWriter.varint() writes %s as protobuf has it", (_, number, hex) => {
  const [out, wide] = [new BackwardWriter(), new BackwardWriter()];
  out.varint(number);
  wide.varint64(BigInt(number));
  expect([out.take().toHex(), wide.take().toHex()]).toEqual([hex, hex]);
});

test("BackwardWriter.varint64() writes negative numbers in ten bytes", () => {
  const out = new BackwardWriter();
  out.varint64(-1n);
  expect(out.take().toHex()).toBe("ffffffffffffffffff01");
});

test("BackwardWriter.delimit() makes a field of what was written since", () => {
  const out = new BackwardWriter();
  out.text("after");
  const end = out.length;
  out.text("ü");
  out.delimit(2, end);
  expect(Buffer.from(out.take()).toString()).toBe("\x12\x02üafter");
});
