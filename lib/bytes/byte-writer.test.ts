import { expect, test } from "bun:test";
import fc from "fast-check";
import { ByteWriter, POOLS } from "./byte-writer.ts";

test("ByteWriter gathers, grows and clears", () => {
  const writer = new ByteWriter();
  writer.push(Uint8Array.of(1, 2));
  writer.push(new Uint8Array(40_000).fill(3));
  expect(writer.view().subarray(0, 3)).toEqual(Buffer.from([1, 2, 3]));
  expect(writer.length).toBe(40_002);
  writer.clear();
  expect([writer.length, writer.bytes.length]).toEqual([0, 0]);
});

/** What is kept of each size. */
const kept = (): number[] => POOLS.map((pool) => pool.kept.length);

test("ByteWriter takes buffers back, so many of each size", () => {
  const most = Math.max(...POOLS.map(({ limit }) => limit)) + 1;
  const writers = Array.from({ length: most }, () => new ByteWriter());
  for (const { bytes } of POOLS) {
    for (const writer of writers) writer.push(new Uint8Array(bytes));
    for (const writer of writers) writer.clear();
  }
  expect(kept()).toEqual(POOLS.map(({ limit }) => limit));
  const [first] = writers;
  first?.push(new Uint8Array(1_000_000));
  first?.clear();
  expect(kept()).toEqual(POOLS.map(({ limit }) => limit));
  first?.push(Uint8Array.of(1));
  expect([first?.bytes.length, POOLS[0]?.kept.length]).toEqual([4096, 63]);
  first?.clear();
});

test("ByteWriter that outgrows a buffer gives it back", () => {
  const writer = new ByteWriter();
  writer.push(Uint8Array.of(1));
  const before = kept();
  writer.push(new Uint8Array(20_000).fill(2));
  expect([writer.bytes[0], writer.bytes[20_000], writer.length]).toEqual([1, 2, 20_001]);
  expect(kept()[0]).toBe((before[0] ?? 0) + 1);
  writer.clear();
  expect(kept()[2]).toBe(Math.max(1, before[2] ?? 0));
});

test("ByteWriter writes texts and numbers among bytes", () => {
  const writer = new ByteWriter();
  const numbers = [0, 7, 10, 99, 100, 2 ** 31 - 1, 2 ** 31, Number.MAX_SAFE_INTEGER];
  for (const number of numbers) {
    writer.decimal(number);
    writer.text(" \u00e9 ");
  }
  expect(writer.view().toString("latin1")).toBe(`${numbers.join(" \u00e9 ")} \u00e9 `);
  writer.clear();
});

test("ByteWriter writes every whole number as JavaScript does", () => {
  const writer = new ByteWriter();
  fc.assert(
    fc.property(fc.maxSafeNat(), (number) => {
      writer.clear();
      writer.decimal(number);
      expect(writer.view().toString("latin1")).toBe(String(number));
    }),
  );
  writer.clear();
});
