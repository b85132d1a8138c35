import { expect, test } from "bun:test";
import { createBackoff } from "./backoff.ts";

test("createBackoff() doubles up to the maximum, with jitter, and starts again", () => {
  const backoff = createBackoff({ minMs: 100, maxMs: 350, jitter: 0.5, random: () => 1 });
  expect([backoff.next(), backoff.next(), backoff.next(), backoff.next()]).toEqual([
    150, 300, 525, 525,
  ]);
  backoff.reset();
  expect(backoff.next()).toBe(150);
});
