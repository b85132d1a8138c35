import { expect, test } from "bun:test";
import { within } from "./within.ts";

function world(sleep?: () => Promise<void>) {
  let passed = 0;
  return {
    now: () => passed,
    sleep: (ms: number) => {
      passed += ms;
      return sleep?.() ?? Promise.resolve();
    },
  };
}

test("within() gives the answer as soon as it is there, and throws what it fails with", async () => {
  const still = world(() => new Promise(() => undefined));
  expect(await within(Promise.resolve("yes"), 500, still)).toBe("yes");
  const { promise, resolve } = Promise.withResolvers<string>();
  const late = world(() => Promise.resolve(resolve("late")));
  expect(await within(promise, 500, late)).toBe("late");
  expect(await within(Promise.reject(new Error("gone")), 500, still).catch(String)).toBe(
    "Error: gone",
  );
});

test("within() ends with its time", async () => {
  const clock = world();
  expect(await within(new Promise(() => undefined), 450, clock)).toBeUndefined();
  expect(clock.now()).toBe(500);
});
