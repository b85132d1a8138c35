import { expect, test } from "bun:test";
import { readlinkSync } from "node:fs";
import { inNetns, netnsCookie } from "./netns.ts";

const SELF = "/proc/self/ns/net";
const root = process.getuid?.() === 0;

test.skipIf(!root)("inNetns() runs there and comes back, even after a throw (needs root)", () => {
  const before = readlinkSync("/proc/thread-self/ns/net");
  expect(inNetns(SELF, () => 7)).toBe(7);
  expect(() =>
    inNetns(SELF, () => {
      throw new Error("Cannot work: asked to fail");
    }),
  ).toThrow("asked to fail");
  expect(readlinkSync("/proc/thread-self/ns/net")).toBe(before);
  expect(() => inNetns("/nowhere", () => 0)).toThrow("Cannot open /nowhere: ENOENT");
});

test.skipIf(!root)("netnsCookie() names a namespace steadily (needs root)", () => {
  const cookie = netnsCookie(SELF);
  expect(cookie).toBeGreaterThan(0n);
  expect(netnsCookie(SELF)).toBe(cookie);
});
