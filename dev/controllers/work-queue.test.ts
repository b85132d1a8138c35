import { expect, test } from "bun:test";
import { FakeClock } from "../../test/fake/clock.ts";
import { logger } from "../../test/fake/kube-api.ts";
import { startWorkQueue } from "./work-queue.ts";

/** Lets the promises that are due run. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
};

test("WorkQueue does a key once for many additions, and again after a failure", async () => {
  const clock = new FakeClock();
  const seen: string[] = [];
  let failures = 1;
  const queue = startWorkQueue({
    name: "q",
    clock,
    logger,
    random: () => 0,
    reconcile: async (key) => {
      seen.push(key);
      if (key === "bad" && failures-- > 0) throw new Error("not yet");
    },
  });
  queue.add("a");
  queue.add("bad");
  await settle();
  expect(seen).toEqual(["a", "bad"]);
  clock.advance(20);
  await settle();
  expect(seen).toEqual(["a", "bad", "bad"]);
  queue.addAfter("late", 5);
  queue.stop();
  clock.advance(5);
  queue.add("a");
  await settle();
  expect(seen).toHaveLength(3);
});

test("WorkQueue looks again at a key that changed while it was worked on", async () => {
  const gate = Promise.withResolvers<void>();
  let runs = 0;
  const queue = startWorkQueue({
    name: "q",
    clock: new FakeClock(),
    logger,
    random: () => 0,
    reconcile: async () => {
      runs++;
      await gate.promise;
    },
  });
  queue.add("a");
  await settle();
  queue.add("a");
  gate.resolve();
  await settle();
  expect(runs).toBe(2);
  queue.stop();
});
