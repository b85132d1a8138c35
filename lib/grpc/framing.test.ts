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
  );
});

test("MessageReader refuses what is compressed or exceeds its limit", () => {
  const read = (hex: string, limit?: number) =>
    new MessageReader(limit).receive(Buffer.from(hex, "hex"), () => undefined);
  expect(read("0100000000")).toBe("compressed");
  expect(read("0000000005", 4)).toBe("too-large");
  expect(read(`00${(MESSAGE_LIMIT_BYTES + 1).toString(16).padStart(8, "0")}`)).toBe("too-large");
});
