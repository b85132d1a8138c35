import { expect, test } from "bun:test";
import fc from "fast-check";
import { ByteChunks } from "./byte-chunks.ts";

const lengthsOf = (chunks: ByteChunks): number[] => chunks.all().map(({ length }) => length);

test("ByteChunks gives back what came, in order, whatever is pushed and taken between", () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 20 }),
    fc.uint8Array({ minLength: 3000, maxLength: 9000, size: "max" }),
    fc.constant("shift" as const),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const chunks = new ByteChunks();
      const came: Uint8Array[] = [];
      const taken: Buffer[] = [];
      for (const each of pieces)
        if (each !== "shift") {
          came.push(each);
          chunks.push(Buffer.concat([Buffer.of(1), each, Buffer.of(2)]), 1, 1 + each.length);
        } else if (!chunks.empty) taken.push(chunks.shift());
      const whole = Buffer.concat([...taken, chunks.joined()]);
      expect(whole.equals(Buffer.concat(came))).toBe(true);
      expect(Buffer.concat([...taken, ...chunks.all()]).equals(whole)).toBe(true);
    }),
  );
});

test("single bytes are few chunks whose memory is hardly more than they are", () => {
  const chunks = new ByteChunks();
  for (let i = 0; i < 10_000; i++) chunks.push(Buffer.of(i));
  expect(lengthsOf(chunks)).toEqual([4096, 4096, 10_000 - 2 * 4096]);
  const memory = chunks.all().map(({ buffer }) => buffer.byteLength);
  expect(memory).toEqual([4096, 4096, 2048]);
});

test("a first piece and a large one have a chunk of just their size", () => {
  const chunks = new ByteChunks();
  for (const length of [100, 0, 5000, 16_384, 16_384, 3]) chunks.push(Buffer.alloc(length));
  expect(lengthsOf(chunks)).toEqual([5100, 16_384, 16_384, 3]);
  expect(chunks.all().map(({ buffer }) => buffer.byteLength)).toEqual([5100, 16_384, 16_384, 3]);
});

test("what was handed out stays as it was, and nothing is kept of what was cleared", () => {
  const chunks = new ByteChunks();
  chunks.push(Buffer.from("ab"));
  const [whole, all] = [chunks.joined(), chunks.all()];
  chunks.push(Buffer.from("cd"));
  const taken = chunks.shift();
  chunks.push(Buffer.from("ef"));
  expect([whole, ...all, taken].map(String)).toEqual(["ab", "ab", "abcd"]);
  chunks.clear();
  expect([chunks.empty, chunks.all(), chunks.joined().length]).toEqual([true, [], 0]);
});
