import { expect, test } from "bun:test";
import fc from "fast-check";
import { KeptBytes } from "./kept-bytes.ts";

test("KeptBytes gives back what came, whatever is pushed and dropped", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.string({ maxLength: 900 }), fc.nat(2000))), (steps) => {
      const kept = new KeptBytes();
      let expected = Buffer.alloc(0);
      for (const step of steps) {
        if (typeof step === "string") {
          const bytes = Buffer.from(`<${step}>`);
          kept.push(bytes, 1, bytes.length - 1);
          expected = Buffer.concat([expected, bytes.subarray(1, -1)]);
        } else {
          const count = Math.min(step, kept.length);
          kept.drop(count);
          expected = expected.subarray(count);
        }
        expect(kept.length).toBe(expected.length);
        expect(kept.view().equals(expected)).toBe(true);
      }
      kept.clear();
      expect(kept.length).toBe(0);
    }),
  );
});

test("KeptBytes copies a byte a bounded number of times", () => {
  const kept = new KeptBytes();
  const started = performance.now();
  const one = Buffer.from("x");
  for (let i = 0; i < 1_000_000; i++) kept.push(one);
  expect(kept.length).toBe(1_000_000);
  // Copied anew with each byte, that would be 500 GB.
  expect(performance.now() - started).toBeLessThan(5000);
});
