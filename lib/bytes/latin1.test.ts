import { expect, test } from "bun:test";
import { asBuffer, latin1Slice, latin1Write } from "./latin1.ts";

test("latin1Write() and latin1Slice() are inverse, and asBuffer() copies nothing", () => {
  const bytes = new Uint8Array(8);
  const buffer = asBuffer(bytes.subarray(2));
  expect(latin1Write(buffer, "aé", 1)).toBe(2);
  expect([...bytes]).toEqual([0, 0, 0, 97, 233, 0, 0, 0]);
  expect(latin1Slice(buffer, 1, 3)).toBe("aé");
  expect(asBuffer(buffer)).toBe(buffer);
});
