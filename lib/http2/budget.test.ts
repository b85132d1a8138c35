import { expect, test } from "bun:test";
import {
  Budget,
  CONTROL_ALLOWANCE,
  PeerBudgets,
  RESET_ALLOWANCE,
  WINDOW_UPDATE_BURST,
  WINDOW_UPDATES_PER_DATA,
} from "./budget.ts";

test("Budget refills with time and with honest work", () => {
  const budget = new Budget({ burst: 2, perSecond: 1 }, 0);
  expect([budget.spend(0), budget.spend(0), budget.spend(0)]).toEqual([true, true, false]);
  expect([budget.spend(1000), budget.spend(1000)]).toEqual([true, false]);
  budget.earn();
  expect(budget.spend(1000)).toBe(true);
  budget.earn();
  budget.earn();
  budget.earn();
  expect([budget.spend(1000), budget.spend(1000), budget.spend(1000)]).toEqual([true, true, false]);
});

test("Budget that idled allows its burst at once and no more, however much of it was spent before", () => {
  const budget = new Budget({ burst: 3, perSecond: 1 }, 0);
  budget.spend(0);
  const spent = Array.from({ length: 6 }, () => budget.spend(60_000));
  expect(spent.filter(Boolean)).toHaveLength(3);
});

test("PeerBudgets ends the connection when a budget is overdrawn", () => {
  const budgets = new PeerBudgets(0);
  for (let i = 0; i < RESET_ALLOWANCE.burst; i++) budgets.spendReset();
  for (let i = 0; i < CONTROL_ALLOWANCE.burst; i++) budgets.spendControl();
  const calm = expect.objectContaining({ code: 11, dies: "connection" });
  expect(() => budgets.spendReset()).toThrow(calm);
  expect(() => budgets.spendControl()).toThrow(calm);
  budgets.earn();
  budgets.spendReset();
  budgets.spendControl();
});

test("PeerBudgets lets so many WINDOW_UPDATEs pass for each DATA frame, and saves up a bounded number", () => {
  const calm = expect.objectContaining({ code: 11, dies: "connection" });
  const drained = (): PeerBudgets => {
    const budgets = new PeerBudgets(0);
    for (let i = 0; i < CONTROL_ALLOWANCE.burst; i++) budgets.spendControl();
    return budgets;
  };
  const one = drained();
  for (let i = 0; i < WINDOW_UPDATES_PER_DATA; i++) one.spendWindowUpdate(1);
  expect(() => one.spendWindowUpdate(1)).toThrow(calm);
  const many = drained();
  for (let i = 0; i < WINDOW_UPDATE_BURST; i++) many.spendWindowUpdate(1_000_000);
  expect(() => many.spendWindowUpdate(1_000_000)).toThrow(calm);
});

test("PeerBudgets allow as many resets at once as they are told", () => {
  const budgets = new PeerBudgets(0, 3);
  for (let count = 0; count < 3; count++) budgets.spendReset();
  expect(() => budgets.spendReset()).toThrow("too many streams were reset");
});
