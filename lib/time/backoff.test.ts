import { expect, test } from "bun:test";
import { createBackoff } from "./backoff.ts";

test("createBackoff() doubles, with jitter, up to the maximum and no further, and starts again", () => {
  const backoff = createBackoff({ minMs: 100, maxMs: 350, jitter: 0.5, random: () => 1 });
  expect([backoff.next(), backoff.next(), backoff.next(), backoff.next()]).toEqual([
    150, 300, 350, 350,
  ]);
  backoff.reset();
  expect(backoff.next()).toBe(150);
});
