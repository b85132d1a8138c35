import { expect, test } from "bun:test";
import { systemClock } from "./system-clock.ts";

test("systemClock wakes once, unless cancelled", async () => {
  const woken: string[] = [];
  systemClock.after(0, () => woken.push("cancelled")).cancel();
  const before = systemClock.now();
  await new Promise<void>((resolve) => {
    systemClock.after(1, () => {
      woken.push("woken");
      resolve();
    });
  });
  expect(woken).toEqual(["woken"]);
  expect(systemClock.now()).toBeGreaterThanOrEqual(before);
  expect(systemClock.wall()).toBeGreaterThan(1_700_000_000_000);
});

test("P8: systemClock does not wake at once for a year", async () => {
  let woken = false;
  const timer = systemClock.after(365 * 86_400_000, () => {
    woken = true;
  });
  await new Promise<void>((resolve) => systemClock.after(20, resolve));
  timer.cancel();
  expect(woken).toBe(false);
});
