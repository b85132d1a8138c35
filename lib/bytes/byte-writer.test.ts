import { expect, test } from "bun:test";
import { ByteWriter, POOL_LIMIT, POOLED_BYTES_LIMIT } from "./byte-writer.ts";

test("ByteWriter gathers, grows and clears", () => {
  const writer = new ByteWriter();
  writer.push(Uint8Array.of(1, 2));
  writer.push(new Uint8Array(40_000).fill(3));
  expect(writer.view().subarray(0, 3)).toEqual(Buffer.from([1, 2, 3]));
  expect(writer.length).toBe(40_002);
  writer.clear();
  expect([writer.length, writer.bytes.length]).toEqual([0, 0]);
});

test("ByteWriter takes buffers back, up to POOL_LIMIT and POOLED_BYTES_LIMIT", () => {
  const writers = Array.from({ length: POOL_LIMIT + 2 }, () => new ByteWriter());
  for (const writer of writers) writer.push(Uint8Array.of(1));
  const [first] = writers;
  for (const writer of writers) writer.clear();
  first?.push(new Uint8Array(POOLED_BYTES_LIMIT + 1));
  const large = first?.bytes;
  first?.clear();
  first?.push(Uint8Array.of(1));
  expect(first?.bytes).not.toBe(large as Buffer);
});
