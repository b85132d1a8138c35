import { expect, test } from "bun:test";
import fc from "fast-check";
import { frameMessage, MESSAGE_LIMIT_BYTES, MessageReader } from "./framing.ts";

test("MessageReader reads what frameMessage() writes, from any chunking", () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 });
  fc.assert(
    fc.property(messages, fc.integer({ min: 1, max: 17 }), (sent, size) => {
      const bytes = Buffer.concat(sent.map(frameMessage));
      const reader = new MessageReader();
      const received: Uint8Array[] = [];
      for (let at = 0; at < bytes.length; at += size)
        expect(
          reader.receive(bytes.subarray(at, at + size), (message) =>
            received.push(Uint8Array.from(message)),
          ),
        ).toBeUndefined();
      expect(received).toEqual(sent);
      expect(reader.incomplete).toBe(false);
    }),
    { numRuns: 1000 },
  );
});

test("MessageReader refuses what is compressed or exceeds its limit", () => {
  const read = (hex: string, limit?: number) =>
    new MessageReader(limit).receive(Buffer.from(hex, "hex"), () => undefined);
  expect(read("0100000000")).toBe("compressed");
  expect(read("0200000000")).toBe("malformed");
  expect(read("0000000005", 4)).toBe("too-large");
  expect(read("0000000004", 4)).toBeUndefined();
  expect(read(`00${(MESSAGE_LIMIT_BYTES + 1).toString(16).padStart(8, "0")}`)).toBe("too-large");
});

test("MessageReader keeps messages of its own, and none of what is whole", () => {
  const chunk = Buffer.from([...frameMessage(Uint8Array.of(1, 2)), 0, 0, 0]);
  const reader = new MessageReader();
  const received: Uint8Array[] = [];
  reader.receive(chunk, (message) => received.push(message));
  chunk.fill(255);
  expect([received, reader.incomplete]).toEqual([[Buffer.from([1, 2])], true]);
  reader.receive(Uint8Array.of(0, 1, 7), (message) => received.push(message));
  expect([received.at(-1), reader.incomplete]).toEqual([Buffer.from([7]), false]);
});

test("MessageReader takes a message byte by byte in time that grows with its length", () => {
  const sent = frameMessage(Buffer.alloc(1024 * 1024, 5));
  const reader = new MessageReader();
  const received: number[] = [];
  const started = performance.now();
  for (let at = 0; at < sent.length; at++)
    reader.receive(sent.subarray(at, at + 1), ({ length }) => received.push(length));
  expect(received).toEqual([1024 * 1024]);
  // Quadratic, it would take minutes.
  expect(performance.now() - started).toBeLessThan(5000);
});
