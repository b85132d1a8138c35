import { expect, test } from "bun:test";
import fc from "fast-check";
import { DEFAULT_RETRY_BUDGET, RetryBudget } from "./retry-budget.ts";

const taken = (budget: RetryBudget, nowMs: number, most = 10_000): number => {
  let count = 0;
  while (count < most && budget.withdraw(nowMs)) count++;
  return count;
};

test("P34: a budget has a share of the requests, and some retries a second without any", () => {
  const budget = new RetryBudget({ ratio: 0.2, minPerSecond: 10, ttlMs: 10_000 }, 0);
  expect(taken(budget, 0)).toBe(10);
  for (let request = 0; request < 100; request++) budget.deposit(0);
  expect(taken(budget, 0)).toBe(20);
  expect(taken(budget, 1000)).toBe(10);
});

test("P34: what was not used is saved up for as long as requests count, and then forgotten", () => {
  const budget = new RetryBudget({ ratio: 1, minPerSecond: 1, ttlMs: 10_000 }, 0);
  for (let request = 0; request < 50; request++) budget.deposit(0);
  expect(taken(budget, 60_000)).toBe(10);
  expect(taken(budget, 60_001)).toBe(0);
  expect(taken(budget, 70_000)).toBe(10);
});

test("P34: without a minimum nobody is tried again before enough requests came", () => {
  const budget = new RetryBudget({ ratio: 0.2, minPerSecond: 0, ttlMs: 10_000 }, 0);
  for (let request = 0; request < 4; request++) budget.deposit(5);
  expect(budget.withdraw(5)).toBe(false);
  budget.deposit(5);
  expect([budget.withdraw(5), budget.withdraw(5)]).toEqual([true, false]);
});

test("E9, P34: whatever comes, retries are never more than the share of all requests and ten a second", () => {
  const step = fc.record({ requests: fc.nat(20), tries: fc.nat(40), ms: fc.nat(3000) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const budget = new RetryBudget(DEFAULT_RETRY_BUDGET, 0);
      let [nowMs, requests, retries] = [0, 0, 0];
      for (const { requests: more, tries, ms } of steps) {
        nowMs += ms;
        for (let each = 0; each < more; each++) budget.deposit(nowMs);
        requests += more;
        retries += taken(budget, nowMs, tries);
        expect(retries).toBeLessThanOrEqual(0.2 * requests + 10 * (nowMs / 1000 + 1) + 0.001);
      }
    }),
  );
});
