import { expect, test } from "bun:test";
import type { AccrualRule } from "../policy/accrual-rule.ts";
import { type AnswerClass, FailureAccrual } from "./failure-accrual.ts";

const backoff = { minMs: 1000, maxMs: 3000, jitter: 0 };
const consecutive: AccrualRule = {
  maxFailures: 3,
  successRate: undefined,
  unified: false,
  backoff,
};
const unified: AccrualRule = {
  maxFailures: 5,
  successRate: { threshold: 0.8, windowMs: 10_000, minRequests: 5 },
  unified: true,
  backoff,
};
const make = (rule: AccrualRule): FailureAccrual =>
  new FailureAccrual(rule, { random: () => 0, nowMs: 0 });
/** What each of these answers, in order, has the endpoint wait. */
const answers = (
  accrual: FailureAccrual,
  ...classes: readonly AnswerClass[]
): (number | undefined)[] =>
  classes.map((answer) => accrual.answered(answer, { isProbe: false, nowMs: 0 }));
const probed = (accrual: FailureAccrual, answer: AnswerClass): number | undefined => {
  accrual.waited();
  expect([accrual.admits, accrual.begin(), accrual.admits, accrual.begin()]).toEqual([
    true,
    true,
    false,
    false,
  ]);
  return accrual.answered(answer, { isProbe: true, nowMs: 0 });
};

test("P36: failures in a row shut an endpoint, and an answer that is none begins anew", () => {
  const accrual = make(consecutive);
  expect(answers(accrual, "failure", "failure", "success", "failure", "limited")).toEqual(
    new Array(5).fill(undefined),
  );
  expect([accrual.gate, accrual.admits, accrual.begin()]).toEqual(["open", true, false]);
  expect(answers(accrual, "failure", "failure", "failure")).toEqual([undefined, undefined, 1000]);
  expect([accrual.gate, accrual.admits]).toEqual(["shut", false]);
});

test("P36: after each wait one request is the probe; its failure lengthens the wait, up to the longest", () => {
  const accrual = make(consecutive);
  answers(accrual, "failure", "failure", "failure");
  expect([
    probed(accrual, "failure"),
    probed(accrual, "failure"),
    probed(accrual, "failure"),
  ]).toEqual([2000, 3000, 3000]);
  expect([probed(accrual, "limited"), accrual.gate]).toEqual([undefined, "open"]);
  expect(answers(accrual, "failure", "failure", "failure").at(-1)).toBe(1000);
});

test("P36: answers to what was sent before an endpoint was shut say nothing, also while it is tried out", () => {
  const accrual = make(consecutive);
  answers(accrual, "failure", "failure", "failure");
  expect(answers(accrual, "success", "failure")).toEqual([undefined, undefined]);
  accrual.waited();
  expect(accrual.begin()).toBe(true);
  expect(answers(accrual, "success", "failure")).toEqual([undefined, undefined]);
  expect([accrual.gate, accrual.admits]).toEqual(["probation", false]);
});

test("P36: a probe that ends without an answer makes room for another", () => {
  const accrual = make(consecutive);
  answers(accrual, "failure", "failure", "failure");
  accrual.waited();
  accrual.begin();
  accrual.abandoned();
  expect([accrual.admits, accrual.begin()]).toEqual([true, true]);
});

test("P37: too low a share of successes shuts an endpoint, once there are enough answers", () => {
  const accrual = make(unified);
  expect(answers(accrual, "success", "failure", "success", "limited")).toEqual(
    new Array(4).fill(undefined),
  );
  expect(answers(accrual, "success")).toEqual([1000]);
  const late = make(unified);
  answers(late, "failure", "failure", "failure", "failure");
  for (let count = 0; count < 5; count++)
    expect(late.answered("success", { isProbe: false, nowMs: 20_000 })).toBeUndefined();
});

test("P37: a share of successes that is the threshold exactly shuts nothing, whatever fractions come to", () => {
  for (let percent = 1; percent <= 100; percent++) {
    const successRate = { threshold: percent / 100, windowMs: 10_000, minRequests: 100 };
    const accrual = make({ ...unified, maxFailures: 0, successRate });
    const failures = new Array<AnswerClass>(100 - percent).fill("failure");
    const successes = new Array<AnswerClass>(percent).fill("success");
    expect(answers(accrual, ...failures, ...successes).at(-1)).toBeUndefined();
    expect(answers(accrual, "failure")).toEqual([1000]);
  }
});

test("P37: failures in a row shut it too, limits count for the share alone and fail a probe", () => {
  const rule = { ...unified, successRate: undefined };
  expect(answers(make(rule), ...new Array<AnswerClass>(5).fill("failure")).at(-1)).toBe(1000);
  expect(answers(make(rule), ...new Array<AnswerClass>(9).fill("limited")).at(-1)).toBeUndefined();
  const accrual = make(unified);
  expect(answers(accrual, ...new Array<AnswerClass>(5).fill("limited")).at(-1)).toBe(1000);
  expect(probed(accrual, "limited")).toBe(2000);
  expect([probed(accrual, "success"), accrual.gate]).toEqual([undefined, "open"]);
  expect(answers(accrual, "failure", "failure", "failure", "failure")).toEqual(
    new Array(4).fill(undefined),
  );
});

test("P36: what is switched off never shuts an endpoint", () => {
  const off = make({ ...consecutive, maxFailures: 0 });
  expect(answers(off, ...new Array<AnswerClass>(50).fill("failure")).at(-1)).toBeUndefined();
});
